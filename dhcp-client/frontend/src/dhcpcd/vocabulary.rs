//! The words of dhcpcd: each long option of its command line is a directive of its file too.

/// One word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Long option and directive.
    pub(super) name: &'static str,
    /// Short option.
    pub(super) short: Option<char>,
    /// Whether a value follows.
    pub(super) value: Takes,
}

/// Whether a value follows a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// Never.
    Nothing,
    /// In the file and as a long option it may (`--fqdn=both`); the short option has none, but for
    /// those of [`VALUED_SHORT`], which always have one.
    Maybe,
    /// Always.
    Value,
}

/// The short options of words with [`Takes::Maybe`] that are followed by a value.
pub(super) const VALUED_SHORT: [char; 6] = ['F', 'h', 'I', 'i', 'r', 's'];

const fn word(name: &'static str, short: char, value: Takes) -> Word {
    Word {
        name,
        short: Some(short),
        value,
    }
}

const fn long(name: &'static str, value: Takes) -> Word {
    Word {
        name,
        short: None,
        value,
    }
}

/// The word that is written so in a file.
pub(super) fn directive(name: &str) -> Option<&'static Word> {
    WORDS.iter().find(|word| word.name == name)
}

/// The word that a short option stands for.
pub(super) fn short_option(letter: char) -> Option<&'static Word> {
    WORDS.iter().find(|word| word.short == Some(letter))
}

/// The word that a long option stands for: its name, or a beginning that no other word has
/// (getopt_long(3)).
pub(super) fn long_option(name: &str) -> Result<&'static Word, Vec<&'static str>> {
    if let Some(word) = directive(name) {
        return Ok(word);
    }
    let fitting: Vec<&Word> = WORDS
        .iter()
        .filter(|word| !name.is_empty() && word.name.starts_with(name))
        .collect();
    match fitting.as_slice() {
        [word] => Ok(word),
        several => Err(several.iter().map(|word| word.name).collect()),
    }
}

/// Words of dhcpcd 9.4.1 and, at the end, those that versions up to 10.3 have besides; `master` and
/// `ipv6ra_own` are of versions before it.
pub(super) const WORDS: &[Word] = &[
    word("background", 'b', Takes::Nothing),
    word("script", 'c', Takes::Value),
    word("debug", 'd', Takes::Nothing),
    word("env", 'e', Takes::Value),
    word("config", 'f', Takes::Value),
    word("reconfigure", 'g', Takes::Nothing),
    word("hostname", 'h', Takes::Maybe),
    word("vendorclassid", 'i', Takes::Maybe),
    word("logfile", 'j', Takes::Value),
    word("release", 'k', Takes::Nothing),
    word("leasetime", 'l', Takes::Value),
    word("metric", 'm', Takes::Value),
    word("rebind", 'n', Takes::Nothing),
    word("option", 'o', Takes::Value),
    word("persistent", 'p', Takes::Nothing),
    word("quiet", 'q', Takes::Nothing),
    word("request", 'r', Takes::Maybe),
    word("inform", 's', Takes::Maybe),
    word("timeout", 't', Takes::Value),
    word("userclass", 'u', Takes::Value),
    word("vendor", 'v', Takes::Value),
    word("waitip", 'w', Takes::Maybe),
    word("exit", 'x', Takes::Nothing),
    word("reboot", 'y', Takes::Value),
    word("allowinterfaces", 'z', Takes::Value),
    word("noarp", 'A', Takes::Nothing),
    word("nobackground", 'B', Takes::Nothing),
    word("nohook", 'C', Takes::Value),
    word("duid", 'D', Takes::Maybe),
    word("lastlease", 'E', Takes::Nothing),
    word("fqdn", 'F', Takes::Maybe),
    word("nogateway", 'G', Takes::Nothing),
    word("xidhwaddr", 'H', Takes::Nothing),
    word("clientid", 'I', Takes::Maybe),
    word("broadcast", 'J', Takes::Nothing),
    word("nolink", 'K', Takes::Nothing),
    word("noipv4ll", 'L', Takes::Nothing),
    word("manager", 'M', Takes::Nothing),
    word("renew", 'N', Takes::Nothing),
    word("nooption", 'O', Takes::Value),
    word("printpidfile", 'P', Takes::Nothing),
    word("require", 'Q', Takes::Value),
    word("static", 'S', Takes::Value),
    word("test", 'T', Takes::Nothing),
    word("dumplease", 'U', Takes::Nothing),
    word("variables", 'V', Takes::Nothing),
    word("whitelist", 'W', Takes::Value),
    word("blacklist", 'X', Takes::Value),
    word("denyinterfaces", 'Z', Takes::Value),
    word("oneshot", '1', Takes::Nothing),
    word("ipv4only", '4', Takes::Nothing),
    word("ipv6only", '6', Takes::Nothing),
    long("anonymous", Takes::Nothing),
    long("arping", Takes::Value),
    long("authprotocol", Takes::Value),
    long("authtoken", Takes::Value),
    long("bootp", Takes::Nothing),
    long("configure", Takes::Nothing),
    long("controlgroup", Takes::Value),
    long("define", Takes::Value),
    long("define6", Takes::Value),
    long("definend", Takes::Value),
    long("destination", Takes::Value),
    long("dev", Takes::Value),
    long("dhcp", Takes::Nothing),
    long("dhcp6", Takes::Nothing),
    long("embed", Takes::Value),
    long("encap", Takes::Value),
    long("fallback", Takes::Value),
    long("gateway", Takes::Nothing),
    long("hostname_short", Takes::Nothing),
    long("ia_na", Takes::Maybe),
    long("ia_pd", Takes::Maybe),
    long("ia_ta", Takes::Maybe),
    long("iaid", Takes::Value),
    long("inactive", Takes::Nothing),
    long("inform6", Takes::Maybe),
    long("ipv4", Takes::Nothing),
    long("ipv6", Takes::Nothing),
    long("ipv6ra_autoconf", Takes::Nothing),
    long("ipv6ra_fork", Takes::Nothing),
    long("ipv6ra_noautoconf", Takes::Nothing),
    long("ipv6rs", Takes::Nothing),
    long("lastleaseextend", Takes::Nothing),
    long("link_rcvbuf", Takes::Value),
    long("msuserclass", Takes::Value),
    long("mudurl", Takes::Value),
    long("noalias", Takes::Nothing),
    long("noauthrequired", Takes::Nothing),
    long("noconfigure", Takes::Nothing),
    long("nodelay", Takes::Nothing),
    long("nodev", Takes::Nothing),
    long("nodhcp", Takes::Nothing),
    long("nodhcp6", Takes::Nothing),
    long("noipv4", Takes::Nothing),
    long("noipv6", Takes::Nothing),
    long("noipv6rs", Takes::Nothing),
    long("noup", Takes::Nothing),
    long("randomise_hwaddr", Takes::Nothing),
    long("reject", Takes::Value),
    long("slaac", Takes::Value),
    long("vendclass", Takes::Value),
    long("vendopt", Takes::Value),
    // Of later versions.
    long("arp_persistdefence", Takes::Nothing),
    long("backoff_cutoff", Takes::Value),
    long("backoff_jitter", Takes::Value),
    long("fallback_time", Takes::Value),
    long("initial_interval", Takes::Value),
    long("ipv4ll_time", Takes::Value),
    long("nosyslog", Takes::Nothing),
    long("request_time", Takes::Value),
    long("vsio", Takes::Value),
    long("vsio6", Takes::Value),
    // Of earlier versions.
    long("ipv6ra_own", Takes::Nothing),
    long("ipv6ra_own_default", Takes::Nothing),
    long("master", Takes::Nothing),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_and_each_letter_stands_for_one_thing() {
        for (index, word) in WORDS.iter().enumerate() {
            for other in &WORDS[index + 1..] {
                assert_ne!(word.name, other.name);
                assert!(
                    word.short.is_none() || word.short != other.short,
                    "{word:?}"
                );
            }
        }
    }

    #[test]
    fn a_long_option_may_be_cut_short_where_one_word_is_left() {
        assert_eq!(long_option("nobackgr").expect("one").name, "nobackground");
        assert_eq!(long_option("ipv6").expect("exact").name, "ipv6");
        assert_eq!(
            long_option("noipv").expect_err("several"),
            ["noipv4ll", "noipv4", "noipv6", "noipv6rs"]
        );
        assert!(long_option("frobnicate").expect_err("none").is_empty());
        assert!(long_option("").expect_err("none").is_empty());
    }
}
