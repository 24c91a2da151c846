// The service's answer -> records and metadata, as slices of its own text. Pure. Section 9.
#pragma once

#include "connector/call.hpp"

namespace fairlead::connector {

struct ReadOptions {
  const ConfigValues* config = nullptr;
  const std::vector<std::string>* select_fields = nullptr;
  const std::vector<std::string>* exclude_fields = nullptr;
  bool truncate = false;
  Instant now = {};
  const json::object* params = nullptr;  ///< as sent; for the count of pages
  const net::Url* request = nullptr;     ///< URL of the request; for next pages that are URLs
};

/// An answer with a status below 400. Every byte is validated; numbers keep their digits.
Result<Outcome, CallError> read_answer(const Definition& definition, const Operation& operation,
                                       const net::Answer& answer, const ReadOptions& options);

/// An answer with a status of 400 or more, as section 8.2 words it.
CallError read_refusal(const Definition& definition, const net::Answer& answer, Instant now);

/// The body of an answer as a tree, for the metadata step of a download: content type, JSON and the
/// error envelope (9.2) are checked.
Result<json::value, CallError> read_tree(const Definition& definition, const net::Answer& answer);

/// Text of a service for our error messages: one line, printable, at most `most` characters.
std::string quotable(std::string_view text, std::size_t most = 500);

}  // namespace fairlead::connector
