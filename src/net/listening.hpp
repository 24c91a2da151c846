// Where a server listens.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string>

namespace fairlead::net {

/// The port, or any free one for 0, when a server can listen there now. Throws Failure(unavailable)
/// when the address is none of this machine's or the port is taken.
std::uint16_t free_port(const std::string& address, std::uint16_t port);

/// Listens beside other acceptors of this process (SO_REUSEPORT). Throws Failure(unavailable).
void listen(boost::asio::ip::tcp::acceptor& acceptor, const std::string& address,
            std::uint16_t port);

}  // namespace fairlead::net
