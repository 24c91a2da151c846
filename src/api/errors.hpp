// Error -> status and body: the one place that knows which kind is which HTTP status.
#pragma once

#include "base/error.hpp"
#include "base/json.hpp"
#include "net/message.hpp"

#include <string>

namespace fairlead::api {

int status_of(const Error& error);
/// {message, errors: [{field, message, error_code, details}]}; `errors` is never empty.
json::object error_body(const Error& error);
net::Response error_response(const Error& error);

}  // namespace fairlead::api
