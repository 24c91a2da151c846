// Pages of a list, one way for all services: what an answer says of further pages (`has_more`,
// `end_cursor`), and how the cursor goes back into the next request. From x-fairlead-pagination;
// where a definition has none, inferred from the names it uses. What cannot be known is not
// claimed.
#pragma once

#include "connector/call.hpp"

#include <functional>

namespace fairlead::connector {

/// The names under which the operation takes values, in declaration order; without repetition.
std::vector<std::string> parameter_names(const Operation& operation);

/// What the names of an operation's metadata and parameters tell of its pages.
Paging infer_paging(const Operation& operation);
/// Fills in what the schemas of the parameters tell: the first page, the size of a page.
void complete_counts(const Operation& operation, Paging& paging);

/// Takes the caller's uniform words out of `params`: `limit` becomes the operation's own word;
/// `cursor` does too, or is answered where it is an address. Words that the operation declares
/// itself are left alone, as are those that it has no use for.
std::optional<std::string> take_paging_words(const Definition& definition,
                                             const Operation& operation, json::object& params);

/// Puts a cursor where the operation takes it. Answers the address to ask for, where the cursor is
/// one. Errors: invalid_parameter for an operation that cannot be continued.
Result<std::optional<std::string>, CallError> place_cursor(const Operation& operation,
                                                           std::string_view cursor,
                                                           json::object& params);
/// Whether the next page may be asked for at `address` (path and query): it has the path of the
/// operation's own request, or one of its next_paths. `request` is that request's URL.
bool may_continue_at(const Operation& operation, const net::Url& request, const net::Url& address);

/// An address without one of its query parameters (a key that the service repeats there).
std::string without_query(std::string_view address, std::string_view name);

/// What there is to know of one answer.
struct PageFacts {
  /// The scalar that a source gives; null where it gives none.
  std::function<json::value(const MetaSource&)> value;
  const json::object* params = nullptr;  ///< as sent
  std::optional<std::uint64_t> records;  ///< of this page, before any filter
  const net::Url* request = nullptr;     ///< URL of the operation's own request; may be absent
};
PageMark read_page(const Operation& operation, const PageFacts& facts);

}  // namespace fairlead::connector
