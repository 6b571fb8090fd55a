//! Each kind of advice: given where there is evidence, and not where it lacks.
