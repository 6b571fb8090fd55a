//! What flags take: sizes, times, ages, factors; each refused with what would have been right.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use crate::record::Folders;
use crate::ui::memory::user_themes;
use crate::ui::theme::{Depth, Glyphs, Themes};

/// The name of a theme: one that there is.
pub(super) fn theme(name: &str) -> Result<String, String> {
    let files = Folders::of_user().map(|folders| user_themes(&folders.config().join("themes")));
    let (themes, wrong) = Themes::with_user_files(files.unwrap_or_default());
    themes.theme(name, Depth::True, Glyphs::UNICODE).map(|_| name.to_owned()).map_err(|error| {
        // It is there, and has a mistake.
        let own =
            wrong.iter().find(|wrong| Path::new(&wrong.file).file_stem().is_some_and(|stem| stem == name));
        own.map_or(error.problem, ToString::to_string)
    })
}

/// Where to listen, as `127.0.0.1:7080`, `[::1]:7080` or `localhost:7080`.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let usual = "as in 127.0.0.1:7080 or localhost:7080";
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    if text.parse::<IpAddr>().is_ok() {
        return Err(format!("the port is missing: write it behind the address, {usual}"));
    }
    let Some((host, port)) = text.rsplit_once(':') else {
        return Err(format!("not an address and a port, {usual}"));
    };
    let port: u16 = port.parse().map_err(|_| format!("`{port}` is no port: ports go from 0 to 65535"))?;
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port));
    }
    Err(format!("`{host}` is no address of this machine: name it by its digits, {usual}"))
}

/// How many.
pub(super) fn count(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "not a whole number such as 4".to_owned())
}

/// A context window in tokens.
pub(super) fn window(text: &str) -> Result<u64, String> {
    match text.parse::<u64>() {
        Ok(0) => Err("a window of no tokens holds nothing".to_owned()),
        Ok(tokens) if u32::try_from(tokens).is_ok() => Ok(tokens),
        Ok(_) => Err("no window is that large".to_owned()),
        Err(_) => Err("not a number of tokens such as 200000".to_owned()),
    }
}

/// A size in bytes, as `512M`, `1GiB` or `1000000`.
pub(super) fn size(text: &str) -> Result<u64, String> {
    if text.starts_with('-') {
        return Err("not a size such as 512M".to_owned());
    }
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "K" | "KB" => 1_000,
        "M" | "MB" => 1_000_000,
        "G" | "GB" => 1_000_000_000,
        "KIB" => 1 << 10,
        "MIB" => 1 << 20,
        "GIB" => 1 << 30,
        _ => return Err("the unit must be K, M or G, or KiB, MiB or GiB".to_owned()),
    };
    let number = digits.parse::<u64>().map_err(|_| "not a size such as 512M".to_owned())?;
    number.checked_mul(factor).ok_or_else(|| "too large".to_owned())
}

pub(super) fn factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if (0.01..=1000.0).contains(&factor) => Ok(factor),
        Ok(_) => Err("must be between 0.01 and 1000".to_owned()),
        Err(_) => Err("not a number".to_owned()),
    }
}

pub(super) fn pace(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(pace) if (0.1..=100.0).contains(&pace) => Ok(pace),
        Ok(_) => Err("must be between 0.1 and 100".to_owned()),
        Err(_) => Err("not a number".to_owned()),
    }
}

pub(super) fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(seconds),
        Ok(_) => Err("must be between 0 and 86400".to_owned()),
        Err(_) => Err("not a number of seconds".to_owned()),
    }
}

/// How often something is done, in seconds.
pub(super) fn period(text: &str) -> Result<Duration, String> {
    match seconds(text)? {
        period if period >= 0.1 => Ok(Duration::from_secs_f64(period)),
        _ => Err("more often than ten times a second is too often".to_owned()),
    }
}

/// A span such as `90s`, `45m`, `12h`, `30d` or `8w`.
pub(super) fn age(text: &str) -> Result<Duration, String> {
    if text.starts_with('-') {
        return Err("not an age such as 30d".to_owned());
    }
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds: u64 = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return Err("the unit must be s, m, h, d or w, as in 30d".to_owned()),
    };
    let number: u64 = digits.parse().map_err(|_| "not an age such as 30d".to_owned())?;
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(|| "too long".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("512M"), Ok(512_000_000));
        assert_eq!(size("0"), Ok(0));
        assert_eq!(size("2gb"), Ok(2_000_000_000));
        assert_eq!(size("1GiB"), Ok(1_073_741_824));
        assert!(["", "M", "5T", "-1", "99999999999G"].iter().all(|text| size(text).is_err()));
    }

    #[test]
    fn addresses_to_listen_on_are_of_this_machine() {
        assert_eq!(address("127.0.0.1:7080"), Ok(SocketAddr::from(([127, 0, 0, 1], 7080))));
        assert_eq!(address("LOCALHOST:0"), Ok(SocketAddr::from(([127, 0, 0, 1], 0))));
        assert!(address("[::1]:80").is_ok());
        for (text, why) in [
            ("127.0.0.1", "port is missing"),
            ("::1", "port is missing"),
            ("nowhere", "not an address"),
            ("127.0.0.1:99999", "`99999` is no port"),
            ("example.org:80", "`example.org` is no address"),
        ] {
            assert!(address(text).is_err_and(|told| told.contains(why)), "{text}");
        }
    }

    #[test]
    fn ages_have_units() {
        assert_eq!(age("30d"), Ok(Duration::from_hours(720)));
        assert_eq!(age("90s"), Ok(Duration::from_secs(90)));
        assert!(["", "30", "d", "-1d", "30y", "99999999999999999999w"].iter().all(|text| age(text).is_err()));
    }

    #[test]
    fn a_period_is_a_tenth_of_a_second_or_longer() {
        assert_eq!(period("0.5"), Ok(Duration::from_millis(500)));
        assert!(["", "0", "0.01", "-1", "nan", "1s"].iter().all(|text| period(text).is_err()));
    }

    #[test]
    fn windows_are_numbers_of_tokens() {
        assert_eq!(window("200000"), Ok(200_000));
        assert!(["", "0", "-1", "200k", "5000000000"].iter().all(|text| window(text).is_err()));
    }
}
