//! What a program that runs in a domain links: environment, monitor, name service and process clients.
