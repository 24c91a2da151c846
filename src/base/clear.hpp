// Secrets in clear, for as long as something needs plain text of them.
#pragma once

#include "base/json.hpp"

#include <openssl/crypto.h>

#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace fairlead {

/// Text that holds a secret: erased at its end, also when an exception passes. Add to it by += of
/// this class: a string that grows by itself leaves a copy behind.
struct Clear {
  std::string text;

  Clear() = default;
  explicit Clear(std::string value) : text(std::move(value)) {}
  Clear(Clear&&) = default;
  Clear& operator=(Clear&&) = default;
  ~Clear() { erase(text); }

  Clear& operator+=(std::string_view more) {
    if (text.capacity() < text.size() + more.size()) {
      std::string larger;
      larger.reserve(2 * (text.size() + more.size()));
      larger += text;
      larger.swap(text);
      erase(larger);
    }
    text += more;
    return *this;
  }

  /// Whatever was in it once, the short form of a moved string too.
  static void erase(std::string& old) noexcept {
    old.resize(old.capacity());
    OPENSSL_cleanse(old.data(), old.size());
  }
};

/// For containers that secrets pass through: their memory is erased when given back, also when they
/// grow.
template <class T>
struct ErasingAllocator {
  using value_type = T;

  ErasingAllocator() = default;
  template <class U>
  explicit ErasingAllocator(const ErasingAllocator<U>&) noexcept {}

  T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* memory, std::size_t count) noexcept {
    OPENSSL_cleanse(memory, count * sizeof(T));
    std::allocator<T>().deallocate(memory, count);
  }
  bool operator==(const ErasingAllocator&) const = default;
};

/// Memory for a JSON tree that holds secrets: erased when given back.
class ErasingMemory final : public json::memory_resource {
  void* do_allocate(std::size_t size, std::size_t) override { return ::operator new(size); }
  void do_deallocate(void* memory, std::size_t size, std::size_t) override {
    OPENSSL_cleanse(memory, size);
    ::operator delete(memory);
  }
  bool do_is_equal(const json::memory_resource& other) const noexcept override {
    return this == &other;
  }
};

}  // namespace fairlead
