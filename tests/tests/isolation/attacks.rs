//! Attacks by system call. The final filter ends the calf; with the filters off the other layers answer.

use crate::hostile::{self, KILLED};

/// A call as `hostile` spells it, and what the kernel answers when no filter is in the way.
struct Attack(&'static str, &'static str);

/// The answer depends on how the kernel was built; that it comes shows that the call was made.
const ANY: &str = "";

/// Each attack must end the calf, and each control must get the kernel's answer.
fn assert_refused(attacks: &[Attack]) {
    for Attack(call, answer) in attacks {
        let words: Vec<&str> = ["call"].into_iter().chain(call.split(' ')).collect();
        let outcome = hostile::run(&words);
        assert_eq!(
            (outcome.end(), outcome.said.as_slice()),
            (KILLED, &[][..]),
            "{call}"
        );
        let control = [&["--control"], words.as_slice()].concat();
        let outcome = hostile::run(&control);
        let number = call.split(' ').next().unwrap_or_default();
        let said = outcome.said.join("\n");
        if *answer == ANY {
            let answered = said.starts_with(&format!("{number} "));
            assert!(answered, "control of {call}: {said}");
        } else {
            assert_eq!(said, format!("{number} {answer}"), "control of {call}");
        }
        assert_eq!(outcome.end(), "exited with status 0", "control of {call}");
    }
}

/// Numbers from 0 to 1023 that are on no list, one of seven; which seventh is arbitrary.
fn sampled_numbers() -> Vec<i64> {
    let allowed = |number: &i64| {
        calf_sandbox::calf_abi()
            .iter()
            .any(|call| call.number == *number)
    };
    (3..1024)
        .step_by(7)
        .filter(|number| !allowed(number))
        .collect()
}

#[test]
fn every_sampled_call_off_the_list_ends_the_calf() {
    let numbers = sampled_numbers();
    assert!(numbers.len() > 130, "{numbers:?}");
    for number in numbers {
        let number = number.to_string();
        let outcome = hostile::run(&["each", &number]);
        assert_eq!(
            (outcome.end(), outcome.said.as_slice()),
            (KILLED, &[][..]),
            "{number}"
        );
    }
}

#[test]
fn control_every_sampled_call_reaches_the_kernel() {
    // These stop, end or fork the process itself when called with zeros.
    let own_end = [
        libc::SYS_pause,
        libc::SYS_select,
        libc::SYS_exit,
        libc::SYS_fork,
        libc::SYS_vfork,
        libc::SYS_clone,
        libc::SYS_rt_sigsuspend,
        libc::SYS_pselect6,
        libc::SYS_ppoll,
        libc::SYS_seccomp,
    ];
    let numbers: Vec<i64> = sampled_numbers()
        .into_iter()
        .filter(|number| !own_end.contains(number))
        .collect();
    let texts: Vec<String> = numbers.iter().map(i64::to_string).collect();
    let words: Vec<&str> = ["--control", "each"]
        .into_iter()
        .chain(texts.iter().map(String::as_str))
        .collect();
    let outcome = hostile::run(&words);
    assert_eq!(outcome.end(), "exited with status 0", "{:?}", outcome.said);
    let answered: Vec<&str> = outcome
        .said
        .iter()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(answered, texts);
}

#[test]
fn a_call_of_the_32_bit_abi_ends_the_calf() {
    let getpid = "20";
    assert_eq!(hostile::run(&["i386", getpid]).end(), KILLED);
    let control = hostile::run(&["--control", "i386", getpid]);
    assert_eq!(control.said, ["20 1"]);
}

#[test]
fn a_call_of_the_x32_abi_ends_the_calf() {
    // 0x40000000 + 39: getpid. The control is n/a where the kernel has no x32: ENOSYS comes from there.
    assert_refused(&[Attack("1073741863", "ENOSYS")]);
}

#[test]
fn a_pinned_argument_that_is_off_ends_the_calf() {
    assert_refused(&[
        Attack("0 1 page 1", "EBADF"),
        Attack("0 0x100000000 page 1", "ok"),
        Attack("1 0 page 1", "EBADF"),
        Attack("9 0 4096 7 0x22 -1 0", "ok"),
        Attack("9 0 4096 3 0x21 -1 0", "ok"),
        Attack("9 0x10000 4096 3 0x32 -1 0", "ok"),
        Attack("9 0 4096 0x100000003 0x22 -1 0", "ok"),
        Attack("10 page 4096 0x100000003", "EINVAL"),
        Attack("25 page 4096 4096 3 0x20000000", "ok"),
        Attack("25 page 4096 4096 5 0", "ok"),
        Attack("72 3 0 0", "EINVAL"),
        Attack("72 3 0x100000001 0", "ok"),
        Attack("202 page 3 0", "EFAULT"),
        Attack("228 2 page", "ok"),
        Attack("232 3 page 1 0", "EINVAL"),
        Attack("233 3 1 0 page", "EINVAL"),
        Attack("286 3 0 page 0", "EINVAL"),
    ]);
}

#[test]
fn opening_a_file_ends_the_calf() {
    assert_refused(&[
        Attack("2 \"/etc/passwd 0", "EMFILE"),
        Attack("4 \"/etc/passwd page", "ENOENT"),
        Attack("4 \"/proc/self/mem page", "ENOENT"),
        Attack("4 \"/dev/mem page", "ENOENT"),
        Attack("4 \"/lib64 page", "ENOENT"),
        Attack("82 \"/a \"/b", "EROFS"),
        Attack("83 \"/a 493", "EROFS"),
        Attack("85 \"/a 420", "EMFILE"),
        Attack("257 -100 \"/proc/self/mem 0", "EMFILE"),
        Attack("257 -100 \"/dev/mem 2", "EMFILE"),
        Attack("437 -100 \"/etc/passwd page 24", "EMFILE"),
    ]);
}

#[test]
fn executing_a_program_ends_the_calf() {
    assert_refused(&[
        Attack("59 \"/bin/sh 0 0", "ENOENT"),
        Attack("322 3 \" 0 0 0x1000", "EACCES"),
        Attack("322 -100 \"/bin/sh 0 0 0", "ENOENT"),
        Attack("319 \"program 0", "EMFILE"),
    ]);
}

#[test]
fn making_a_process_ends_the_calf() {
    assert_refused(&[
        Attack("56 sigchld 0 0 0 0", "EAGAIN"),
        Attack("57", "EAGAIN"),
        Attack("58", "EAGAIN"),
        Attack("435 page 88", "EAGAIN"),
    ]);
}

#[test]
fn making_or_using_a_socket_ends_the_calf() {
    assert_refused(&[
        Attack("41 1 1 0", "EMFILE"),
        Attack("41 2 1 0", "EMFILE"),
        Attack("41 10 2 0", "EMFILE"),
        Attack("41 16 3 0", "EMFILE"),
        Attack("41 17 3 0", "EPERM"),
        Attack("42 3 page 110", "EINVAL"),
        Attack("44 3 page 1 0 0", "ok"),
        Attack("45 3 page 1 0x40 0", "EAGAIN"),
        Attack("49 3 page 110", "EINVAL"),
        Attack("53 1 1 0 page", "EMFILE"),
    ]);
}

#[test]
fn touching_another_process_ends_the_calf() {
    assert_refused(&[
        Attack("101 16 2 0 0", "ESRCH"),
        Attack("310 2 iov 1 iov 1 0", "ESRCH"),
        Attack("311 2 iov 1 iov 1 0", "ESRCH"),
        Attack("312 1 2 0 0 0", ANY),
        Attack("434 2 0", "ESRCH"),
        Attack("438 3 0 0", "EBADF"),
    ]);
}

#[test]
fn sending_a_signal_ends_the_calf_and_nobody_else() {
    // The control's signals reach the calf's own process namespace, where nobody else is.
    assert_refused(&[
        Attack("62 -1 9", "ESRCH"),
        Attack("62 0 9", "ok"),
        Attack("62 2 9", "ESRCH"),
        Attack("200 2 9", "ESRCH"),
        Attack("234 2 2 9", "ESRCH"),
    ]);
}

#[test]
fn mounting_ends_the_calf() {
    assert_refused(&[
        Attack("155 \". \".", "EPERM"),
        Attack("161 \"/", "EPERM"),
        Attack("165 0 \"/ \"tmpfs 0 0", "EPERM"),
        Attack("166 \"/ 2", "EPERM"),
        Attack("428 -100 \"/ 1", "EPERM"),
        Attack("429 -100 \"/ -100 \"/ 0", "EPERM"),
        Attack("430 \"tmpfs 0", "EPERM"),
        Attack("442 -100 \"/ 0 page 32", "EPERM"),
    ]);
}

#[test]
fn changing_namespaces_ends_the_calf() {
    // Only the filter stands between a calf and a user namespace of its own.
    assert_refused(&[
        Attack("272 0x10000000", "ok"),
        Attack("272 0x00020000", "EPERM"),
        Attack("272 0x02000000", "EPERM"),
        Attack("272 0x04000000", "EPERM"),
        Attack("272 0x08000000", "EPERM"),
        Attack("272 0x20000000", "EPERM"),
        Attack("272 0x40000000", "EPERM"),
        Attack("308 3 0", "EINVAL"),
    ]);
}

#[test]
fn changing_identity_or_privilege_ends_the_calf() {
    assert_refused(&[
        Attack("105 1", "EINVAL"),
        Attack("106 1", "EINVAL"),
        Attack("116 1 page", "EPERM"),
        Attack("117 1 1 1", "EINVAL"),
        Attack("126 page page", "EINVAL"),
        Attack("157 4 1", "ok"),
        Attack("157 8 1", "ok"),
        Attack("157 28 1", "EPERM"),
    ]);
}

#[test]
fn widening_the_kernels_surface_ends_the_calf() {
    assert_refused(&[
        Attack("298 page 0 -1 -1 0", ANY),
        Attack("321 0 page 72", ANY),
        Attack("323 0", ANY),
        Attack("425 1 page", ANY),
        Attack("426 3 0 0 0 0 0", ANY),
        Attack("427 3 0 0 0", ANY),
    ]);
}

#[test]
fn making_memory_executable_ends_the_calf() {
    assert_refused(&[
        Attack("9 0 4096 5 0x22 -1 0", "ok"),
        Attack("10 page 4096 7", "ok"),
        Attack("29 0 4096 0x3ff", ANY),
        Attack("30 0 0 0", ANY),
        Attack("216 page 4096 0 0 0", ANY),
        Attack("329 page 4096 7 -1", ANY),
    ]);
}

#[test]
fn changing_the_machine_ends_the_calf() {
    assert_refused(&[
        Attack("103 3 page 1", "EPERM"),
        Attack("159 page", "ok"),
        Attack("163 0", ANY),
        Attack("164 page 0", "EPERM"),
        Attack("167 \"/a 0", ANY),
        Attack("169 0xfee1dead 672274793 0x01234567 0", "EPERM"),
        Attack("170 \"taken 5", "EPERM"),
        Attack("175 page 0 \"", ANY),
        Attack("176 \"ext4 0", ANY),
        Attack("227 0 page", "EPERM"),
        Attack("246 0 0 0 0", ANY),
        Attack("313 3 \" 0", ANY),
    ]);
}

#[test]
fn adding_a_filter_ends_the_calf() {
    assert_refused(&[
        Attack("157 22 2 page", "EINVAL"),
        Attack("317 1 0 page", "EINVAL"),
        Attack("317 1 8 page", "EINVAL"),
    ]);
}

#[test]
fn having_or_sending_another_descriptor_ends_the_calf() {
    assert_refused(&[
        Attack("22 page", "EMFILE"),
        Attack("32 3", "EMFILE"),
        Attack("33 3 9", "EBADF"),
        Attack("46 3 page 0", "ok"),
        Attack("47 3 page 0x40", "EAGAIN"),
        Attack("290 0 0", "EMFILE"),
        Attack("292 3 9 0", "EBADF"),
    ]);
}

#[test]
fn returning_from_a_signal_that_never_came_ends_the_calf() {
    // std's handler for stack overflow restores the default action first, which is no live call either.
    assert_eq!(hostile::run(&["call", "15"]).end(), KILLED);
    assert_eq!(
        hostile::run(&["--control", "call", "15"]).end(),
        "was killed by SIGSEGV"
    );
}
