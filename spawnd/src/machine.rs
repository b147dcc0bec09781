//! The state machine of one spawnd.
