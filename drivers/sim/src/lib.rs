//! Simulated devices that speak the real protocols over real sockets, pseudo terminals and a broker.

mod devices;
pub mod map;
pub mod modbus;
pub mod signal;
