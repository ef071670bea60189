//! What a calf that has turned tries, and that it is refused: each attack is made by the `hostile`
//! program in the real sandbox and must end as stated, exactly; its control run, with the filters off and
//! all else on, shows that the call reaches the kernel and what the other layers say to it.

mod attacks;
mod callers;
mod failures;
mod hostile;
mod life;
mod outside;
