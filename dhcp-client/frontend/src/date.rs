//! Dates in UTC, for lines and lease files.

/// Seconds of a day; POSIX days have no leap seconds.
const DAY: u64 = 86_400;

/// A moment as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// 1970 or later.
    pub year: u64,
    /// From 1.
    pub month: u64,
    /// From 1.
    pub day: u64,
    /// 0 is Sunday.
    pub weekday: u64,
    /// From 0.
    pub hour: u64,
    /// From 0.
    pub minute: u64,
    /// From 0.
    pub second: u64,
}

impl Date {
    /// The date in UTC, `seconds` after the beginning of 1970.
    #[must_use]
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "every operand is bounded by the division or remainder before it, and u64::MAX seconds \
                  are fewer days than these sums can hold"
    )]
    pub const fn of(seconds: u64) -> Self {
        let (days, rest) = (seconds / DAY, seconds % DAY);
        // The civil calendar in periods of 400 years from 1 March of the year 0, in which leap days come last.
        let from_march = days + 719_468;
        let (era, day_of_era) = (from_march / 146_097, from_march % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        Self {
            year: year_of_era + era * 400 + if month <= 2 { 1 } else { 0 },
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
            // 1 January 1970 was a Thursday.
            weekday: (days + 4) % 7,
            hour: rest / 3600,
            minute: rest % 3600 / 60,
            second: rest % 60,
        }
    }
}

/// `2026-11-24T21:57:01Z` (RFC 3339).
#[must_use]
pub fn utc(seconds: u64) -> String {
    let Date {
        year,
        month,
        day,
        weekday: _,
        hour,
        minute,
        second,
    } = Date::of(seconds);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_have_their_dates() {
        for (seconds, text, weekday) in [
            (0, "1970-01-01T00:00:00Z", 4),
            (951_782_399, "2000-02-28T23:59:59Z", 1),
            (951_782_400, "2000-02-29T00:00:00Z", 2),
            (951_868_800, "2000-03-01T00:00:00Z", 3),
            (1_709_251_199, "2024-02-29T23:59:59Z", 4),
            (1_785_542_399, "2026-07-31T23:59:59Z", 5),
            (4_107_542_400, "2100-03-01T00:00:00Z", 1),
        ] {
            assert_eq!(utc(seconds), text);
            assert_eq!(Date::of(seconds).weekday, weekday, "{text}");
        }
    }

    #[test]
    fn the_last_moment_has_a_date() {
        assert!(Date::of(u64::MAX).year > 500_000_000);
    }
}
