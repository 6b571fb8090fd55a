/** Metres to feet and inches, as the harbour master wants them: `3.2` becomes `10 ft 6 in`. */
export function imperial(metres: number): string {
    const inches = Math.round(metres / 0.0254);
    const sign = inches < 0 ? '-' : '';
    const whole = Math.abs(inches);
    return `${sign}${Math.floor(whole / 12)} ft ${whole % 12} in`;
}

/** Centimetres to metres, for the gauges that still report whole centimetres. */
export const fromCentimetres = (centimetres: number) => centimetres / 100;
