//! Times as lease files show them, in UTC.

/// Seconds of a day.
const DAY: u64 = 86_400;

/// Days of 400 years, after which the calendar repeats itself.
const ERA: u64 = 146_097;

/// `2 2026/11/24 23:01:12`: day of the week from Sunday, date and time.
pub(super) fn written(seconds: u64) -> String {
    let Date {
        year,
        month,
        day,
        weekday,
    } = date(seconds);
    let time = time(seconds);
    format!("{weekday} {year}/{month:02}/{day:02} {time}")
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
    } = date(seconds);
    let name = |names: &[&'static str], index: u64| {
        let index = usize::try_from(index).ok();
        index
            .and_then(|index| names.get(index).copied())
            .unwrap_or_default()
    };
    let weekday = name(&DAYS, weekday);
    let month = name(&MONTHS, month.saturating_sub(1));
    let time = time(seconds);
    format!("{weekday} {month} {day:02} {time} {year}")
}

struct Date {
    year: u64,
    /// From 1.
    month: u64,
    /// From 1.
    day: u64,
    /// From 0, Sunday.
    weekday: u64,
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "every operand is bounded: days by u64::MAX / 86400, the others by a year or an era"
)]
const fn date(seconds: u64) -> Date {
    let days = seconds / DAY;
    // 1970-01-01 was a Thursday.
    let weekday = (days + 4) % 7;
    // Days since 0000-03-01: years that begin in March have their odd day last.
    let days = days + 719_468;
    let (era, day_of_era) = (days / ERA, days % ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Five months have 153 days, whichever they are.
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + (month <= 2) as u64;
    Date {
        year,
        month,
        day,
        weekday,
    }
}

fn time(seconds: u64) -> String {
    let second = seconds % 60;
    let minute = seconds / 60 % 60;
    let hour = seconds / 3600 % 24;
    format!("{hour:02}:{minute:02}:{second:02}")
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
    fn the_calendar_holds_at_its_edges() {
        for (seconds, expected) in [
            (0, "4 1970/01/01 00:00:00"),
            (951_782_399, "1 2000/02/28 23:59:59"),
            (951_782_400, "2 2000/02/29 00:00:00"),
            (951_868_800, "3 2000/03/01 00:00:00"),
            (1_709_164_800, "4 2024/02/29 00:00:00"),
            (4_107_542_400, "1 2100/03/01 00:00:00"),
            (1_735_689_599, "2 2024/12/31 23:59:59"),
        ] {
            assert_eq!(written(seconds), expected);
        }
    }

    #[test]
    fn people_see_names() {
        assert_eq!(for_people(1_795_561_272), "Tue Nov 24 23:01:12 2026");
    }

    #[test]
    fn the_end_of_time_is_a_time() {
        assert!(written(u64::MAX).ends_with(":15"));
    }
}
