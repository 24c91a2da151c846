// Memory that is given back while it still holds a secret: every block that the calling thread
// frees during a call is searched for it. It replaces operator delete, so include it in one source
// file of a test program.
#pragma once

#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <new>
#include <string_view>

namespace fairlead::testing {

// The sanitizers' own operators stay: they find other things.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool freed_memory_is_searched = false;
#else
inline constexpr bool freed_memory_is_searched = true;
#endif

inline thread_local std::string_view sought_in_freed_memory;
inline thread_local int freed_blocks_found = 0;

inline void search_and_free(void* block) noexcept {
  const std::string_view sought = sought_in_freed_memory;
  if (block != nullptr && !sought.empty() &&
      memmem(block, malloc_usable_size(block), sought.data(), sought.size()) != nullptr)
    ++freed_blocks_found;
  // NOLINTNEXTLINE(clang-analyzer-unix.MismatchedDeallocator): operator delete is what calls this
  std::free(block);
}

/// How many blocks that `action` frees hold `secret`.
template <class Action>
int freed_blocks_with(std::string_view secret, Action action) {
  freed_blocks_found = 0;
  sought_in_freed_memory = secret;
  action();
  sought_in_freed_memory = {};
  return freed_memory_is_searched ? freed_blocks_found : 0;
}

}  // namespace fairlead::testing

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
void operator delete(void* block) noexcept { fairlead::testing::search_and_free(block); }
void operator delete(void* block, std::size_t) noexcept {
  fairlead::testing::search_and_free(block);
}
void operator delete[](void* block) noexcept { fairlead::testing::search_and_free(block); }
void operator delete[](void* block, std::size_t) noexcept {
  fairlead::testing::search_and_free(block);
}
#endif
