// What Harbor says: answers, and the one form of its errors.
#pragma once

#include "base/error.hpp"
#include "base/json.hpp"
#include "net/message.hpp"

#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::sandbox {

/// Why a request is refused, in the service's own words.
struct Problem {
  int status = 400;
  std::string code, message;
  std::vector<FieldError> fields = {};
  net::Headers headers = {};
};

/// A Problem on its way to the one place that makes an answer of it (harbor.cpp).
class Refused : public std::exception {
 public:
  explicit Refused(Problem problem) : problem_(std::move(problem)) {}
  const Problem& problem() const noexcept { return problem_; }
  const char* what() const noexcept override { return problem_.message.c_str(); }

 private:
  Problem problem_;
};

[[noreturn]] inline void refuse(int status, std::string code, std::string message) {
  throw Refused({status, std::move(code), std::move(message)});
}
/// 400 for a query parameter or a header, 422 for a member of the body.
[[noreturn]] void refuse_parameter(std::string name, std::string message);
[[noreturn]] void refuse_fields(std::vector<FieldError> fields);

net::Response json_answer(int status, const json::value& body);
net::Response html_answer(int status, std::string body);
/// {"error": code, "message": ..., "request_id": ..., "errors": [{field, code, message}]}
net::Response problem_answer(const Problem& problem, std::string_view request_id);

}  // namespace fairlead::sandbox
