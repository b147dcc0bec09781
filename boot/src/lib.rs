//! Boots the multikernel on Linux: threads, pinning, clock, module table, orderly stop.
