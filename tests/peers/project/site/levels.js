const form = document.querySelector('form');
const state = document.querySelector('#state');
const pause = ms => new Promise(done => setTimeout(done, ms));

async function show(days) {
    const gauge = form.elements.gauge.value;
    state.textContent = 'Loading…';
    await pause(400);
    const csv = await (await fetch('../data/readings-2026-10.csv')).text();
    const readings = csv
        .split('\n')
        .slice(1)
        .map(line => line.split(','))
        .filter(([id, at]) => id === gauge && days.includes(Number(at?.slice(8, 10))));
    const high = Math.max(...readings.map(([, , level]) => Number(level)));
    document.querySelector('#rows').replaceChildren(
        ...readings.map(([, at, level]) => {
            const row = document.createElement('tr');
            row.className = Number(level) === high ? 'high' : '';
            for (const text of [at.replace('T', ' ').slice(0, 16), level, (level / 0.3048).toFixed(1)]) {
                row.append(Object.assign(document.createElement('td'), { textContent: text }));
            }
            return row;
        }),
    );
    draw(readings.map(([, , level]) => Number(level)));
    state.textContent = `${readings.length} readings of ${gauge}, highest ${high.toFixed(2)} m`;
    if (gauge === 'mill') console.warn('mill stands in the river: its mean is not corrected for spring');
    if (readings.length === 0) console.error(`no readings of ${gauge} on day ${days[0]}`);
}

function draw(levels) {
    const canvas = document.querySelector('#curve');
    const pen = canvas.getContext('2d');
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.strokeStyle = '#147';
    pen.beginPath();
    levels.forEach((level, at) => pen.lineTo((at / levels.length) * canvas.width, canvas.height - level * 35));
    pen.stroke();
}

form.addEventListener('submit', event => {
    event.preventDefault();
    void show([Number(form.elements.day.value)]);
});
document.querySelector('#month').addEventListener('click', () => void show(Array.from({ length: 31 }, (_, i) => i + 1)));
