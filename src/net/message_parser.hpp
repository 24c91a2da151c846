// Beast's HTTP parser, filling our plain values. For http_server.cpp and http_client.cpp only.
#pragma once

#include "net/message.hpp"

// Beast has 4 KiB on the stack for folded fields, which nobody folds here; the build would clear
// them for each head.
#pragma clang attribute push(__attribute__((uninitialized)), apply_to = variable(is_local))
#include <boost/beast/http/basic_parser.hpp>
#pragma clang attribute pop

#include <boost/beast/http/error.hpp>

#include <cstdint>
#include <limits>
#include <string>

namespace fairlead::net {

namespace beast = boost::beast;

/// One message. Its body is appended to `body`; trailer fields are read and dropped. Beast's own
/// limits are all set here or by the user of this class, never inherited.
template <bool is_request>
class MessageParser final : public beast::http::basic_parser<is_request> {
 public:
  using Base = beast::http::basic_parser<is_request>;
  using ErrorCode = boost::system::error_code;
  using View = beast::string_view;

  MessageParser(std::uint32_t header_bytes, std::size_t most_fields) : most_fields_(most_fields) {
    Base::header_limit(header_bytes);
    Base::body_limit(std::numeric_limits<std::uint64_t>::max());
    headers.reserve(16);
  }

  std::string method, target;  ///< of a request
  int status = 0;              ///< of an answer
  int version = 11;
  Headers headers;
  std::string* body = nullptr;  ///< where the bytes go; set before the first of them is parsed

 private:
  void on_request_impl(beast::http::verb, View method_text, View target_text, int version_number,
                       ErrorCode&) override {
    method.assign(method_text.data(), method_text.size());
    target.assign(target_text.data(), target_text.size());
    version = version_number;
  }
  void on_response_impl(int code, View, int version_number, ErrorCode&) override {
    status = code;
    version = version_number;
  }
  void on_field_impl(beast::http::field field, View name, View value, ErrorCode& failure) override {
    if (header_is_done_) return;
    if (++fields_ > most_fields_) {
      failure = beast::http::error::header_limit;
      return;
    }
    check_framing(field, value, failure);
    headers.add({name.data(), name.size()}, {value.data(), value.size()});
  }
  /// What Beast lets pass and proxies read in different ways: codings other than "chunked", and
  /// (in requests) a length that is given twice or as a list.
  void check_framing(beast::http::field field, View value, ErrorCode& failure) {
    if (field == beast::http::field::transfer_encoding) {
      if (version < 11 || !beast::iequals(value, "chunked"))
        failure = beast::http::error::bad_transfer_encoding;
    } else if (is_request && field == beast::http::field::content_length) {
      if (has_length_ || value.find(',') != View::npos)
        failure = beast::http::error::bad_content_length;
      has_length_ = true;
    }
  }
  void on_header_impl(ErrorCode&) override { header_is_done_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(View bytes, ErrorCode&) override {
    body->append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, View, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View bytes, ErrorCode&) override {
    body->append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_finish_impl(ErrorCode&) override {}

  std::size_t most_fields_;
  std::size_t fields_ = 0;
  bool header_is_done_ = false;
  bool has_length_ = false;
};

}  // namespace fairlead::net
