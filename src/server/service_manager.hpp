// systemd's readiness and watchdog protocol (sd_notify), without its library: one datagram each.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace fairlead::server {

/// Sends `state` ("READY=1", "STOPPING=1", "WATCHDOG=1") when a service manager listens; else does
/// nothing.
void notify_service_manager(std::string_view state);

/// How often the service manager wants to hear WATCHDOG=1 at most; nullopt when it does not.
std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace fairlead::server
