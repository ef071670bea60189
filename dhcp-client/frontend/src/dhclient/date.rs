//! Times as lease files show them, in UTC.

use crate::date::Date;

/// `2 2026/11/24 23:01:12`: day of the week from Sunday, date and time.
pub(super) fn written(seconds: u64) -> String {
    let Date {
        year,
        month,
        day,
        weekday,
        hour,
        minute,
        second,
    } = Date::of(seconds);
    format!("{weekday} {year}/{month:02}/{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// `Tue Nov 24 23:01:12 2026`, for people.
pub(super) fn for_people(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let Date {
        year,
        month,
        day,
        weekday,
        hour,
        minute,
        second,
    } = Date::of(seconds);
    let name = |names: &[&'static str], index: u64| {
        let index = usize::try_from(index).ok();
        index
            .and_then(|index| names.get(index).copied())
            .unwrap_or_default()
    };
    let weekday = name(&DAYS, weekday);
    let month = name(&MONTHS, month.saturating_sub(1));
    format!("{weekday} {month} {day:02} {hour:02}:{minute:02}:{second:02} {year}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_that_dhclient_writes() {
        // `renew`, `rebind` and `expire` of a lease that the real client wrote.
        assert_eq!(written(1_795_561_272), "2 2026/11/24 23:01:12");
        assert_eq!(written(1_795_563_009), "2 2026/11/24 23:30:09");
        assert_eq!(written(1_795_563_459), "2 2026/11/24 23:37:39");
    }

    #[test]
    fn people_see_names() {
        assert_eq!(for_people(1_795_561_272), "Tue Nov 24 23:01:12 2026");
    }
}
