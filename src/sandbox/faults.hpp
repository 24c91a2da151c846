// Trouble on demand, so that tests can meet a bad service honestly.
#pragma once

#include "base/json.hpp"
#include "net/message.hpp"
#include "sandbox/target.hpp"

#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>

namespace fairlead::sandbox {

/// One kind of trouble. Text form: "status=503", "status=429,retry_after=2", "delay_ms=300",
/// "truncate", "garbage", "html", "huge=10", "endless", "drop"; delay_ms goes with every other.
struct Fault {
  enum class Kind {
    none,
    status,    ///< this status, the request is not carried out
    garbage,   ///< 200 application/json that is none; not carried out
    html,      ///< 200 with a page of a proxy; not carried out
    huge,      ///< 200 with a valid list of `mebibytes`; not carried out
    endless,   ///< 200 with a list that has no end; not carried out
    truncate,  ///< carried out; the answer ends in the middle
    drop       ///< carried out; the connection ends without an answer
  };
  Kind kind = Kind::none;
  int status = 503;
  std::optional<int> retry_after = {};
  std::chrono::milliseconds delay{0};
  std::size_t mebibytes = 10;

  /// Throws Refused (400) for any other text, so that a mistyped test does not pass.
  static Fault parse(std::string_view text);
  /// The answer stands in for that of the service.
  bool replaces() const noexcept;
};

/// The answer of a fault that replaces the service's.
net::Response trouble(const Fault& fault);
/// The service's answer, cut off as the fault says.
net::Response cut(const Fault& fault, net::Response answer);

/// Faults that are set up beforehand, for the next requests to a path: a test arms one and then
/// lets a client run into it that cannot be told to send a header.
class ArmedFaults {
 public:
  /// {"fault": text, "path": prefix, "times": 1 to 1000}. Throws Refused: 422.
  void arm(const json::object& body);
  void disarm() { armed_.clear(); }
  /// The first that fits; it counts as met.
  Fault meet(std::string_view path);
  json::value list() const;

 private:
  struct Armed {
    std::string text, path;
    std::int64_t times;
  };
  std::list<Armed> armed_;
};

}  // namespace fairlead::sandbox
