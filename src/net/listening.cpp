#include "net/listening.hpp"

#include "base/error.hpp"

#include <boost/asio/io_context.hpp>

namespace fairlead::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

void require(const ErrorCode& failure, const std::string& address, std::uint16_t port) {
  if (failure)
    throw Failure(Error{
        ErrorKind::unavailable,
        "cannot listen on " + address + ":" + std::to_string(port) + ": " + failure.message()});
}

tcp::endpoint endpoint_of(const std::string& address, std::uint16_t port) {
  ErrorCode failure;
  const auto parsed = asio::ip::make_address(address, failure);
  require(failure, address, port);
  return {parsed, port};
}

}  // namespace

// SO_REUSEPORT would let a second server of the same user share our port unnoticed; a socket
// without it tells whether the port is free.
std::uint16_t free_port(const std::string& address, std::uint16_t port) {
  const auto endpoint = endpoint_of(address, port);
  asio::io_context context(1);
  ErrorCode failure;
  tcp::acceptor probe(context);
  probe.open(endpoint.protocol(), failure);
  if (!failure) probe.set_option(asio::socket_base::reuse_address(true), failure);
  if (!failure) probe.bind(endpoint, failure);
  if (!failure && port != 0) probe.listen(1, failure);
  require(failure, address, port);
  return probe.local_endpoint().port();
}

void listen(tcp::acceptor& acceptor, const std::string& address, std::uint16_t port) {
  using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
  const auto endpoint = endpoint_of(address, port);
  ErrorCode failure;
  acceptor.open(endpoint.protocol(), failure);
  if (!failure) acceptor.set_option(asio::socket_base::reuse_address(true), failure);
  if (!failure) acceptor.set_option(ReusePort(true), failure);
  if (!failure) acceptor.bind(endpoint, failure);
  if (!failure) acceptor.listen(asio::socket_base::max_listen_connections, failure);
  require(failure, address, port);
}

}  // namespace fairlead::net
