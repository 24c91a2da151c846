#include "base/secret.hpp"

#include <openssl/crypto.h>

#include <array>
#include <cstring>
#include <mutex>
#include <new>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace fairlead {
namespace {

/// Memory for secrets: chunks between guard pages, locked (as far as RLIMIT_MEMLOCK allows), left
/// out of core dumps and emptied in forked children. Blocks come in powers of two from 32 bytes;
/// freed blocks are wiped and used again.
class Arena {
 public:
  char* take(std::size_t size) {
    const unsigned shape = shape_of(size);
    if (shape >= shapes) return map(size);  // larger than a chunk: a mapping of its own
    const std::lock_guard lock(mutex_);
    if (Free* block = free_[shape]) {
      free_[shape] = block->next;
      return reinterpret_cast<char*>(block);
    }
    const std::size_t block_size = smallest << shape;
    if (chunk_left_ < block_size) {
      chunk_ = map(chunk_size);
      chunk_left_ = chunk_size;
    }
    char* block = chunk_;
    chunk_ += block_size;
    chunk_left_ -= block_size;
    return block;
  }

  void give_back(char* block, std::size_t size) noexcept {
    OPENSSL_cleanse(block, size);
    const unsigned shape = shape_of(size);
    if (shape >= shapes) {
      unmap(block, size);
      return;
    }
    const std::lock_guard lock(mutex_);
    free_[shape] = new (block) Free{free_[shape]};
  }

 private:
  struct Free {
    Free* next;
  };
  static constexpr std::size_t smallest = 32, chunk_size = std::size_t{256} * 1024;
  static constexpr unsigned shapes = 13;  // 32 bytes to 128 KiB

  static unsigned shape_of(std::size_t size) noexcept {
    unsigned shape = 0;
    while (shape < shapes && (smallest << shape) < size) ++shape;
    return shape;
  }
  static std::size_t rounded(std::size_t size) noexcept {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return (size + page - 1) / page * page;
  }
  static char* map(std::size_t size) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t inner = rounded(size);
    void* all = mmap(nullptr, inner + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) throw std::bad_alloc();
    char* start = static_cast<char*>(all) + page;
    if (mprotect(start, inner, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
    (void)mlock(start, inner);
    (void)madvise(start, inner, MADV_DONTDUMP);
    (void)madvise(start, inner, MADV_WIPEONFORK);
    return start;
  }
  static void unmap(char* start, std::size_t size) noexcept {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    munmap(start - page, rounded(size) + 2 * page);
  }

  std::mutex mutex_;
  std::array<Free*, shapes> free_{};
  char* chunk_ = nullptr;
  std::size_t chunk_left_ = 0;
};

/// Lives as long as the process: a secret may outlive every static object.
Arena& arena() {
  static Arena* const the_arena = new Arena;
  return *the_arena;
}

}  // namespace

Secret::Secret(std::string_view text) : size_(text.size()) {
  if (size_ == 0) return;
  bytes_ = arena().take(size_);
  std::memcpy(bytes_, text.data(), size_);
}

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(size_, other.size_);
  return *this;
}

Secret::~Secret() {
  if (bytes_ != nullptr) arena().give_back(bytes_, size_);
}

bool Secret::matches(const Secret& other) const noexcept {
  return size_ == other.size_ && (size_ == 0 || CRYPTO_memcmp(bytes_, other.bytes_, size_) == 0);
}

}  // namespace fairlead
