// A bump allocator for strings that are freed together.

#ifndef TALLYMAN_PLATFORM_ARENA_H_
#define TALLYMAN_PLATFORM_ARENA_H_

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace tallyman::platform {

// Copies strings into blocks that the destructor frees. Movable: the copies
// keep their addresses, and the moved-from arena may only be destroyed or
// assigned to. Not thread-safe.
class Arena {
 public:
  Arena() = default;
  Arena(Arena&&) = default;
  Arena& operator=(Arena&&) = default;

  // A copy of `text` that lives as long as the arena.
  std::string_view Copy(std::string_view text) {
    if (text.empty()) return {};
    char* to = Allocate(text.size());
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

 private:
  static constexpr size_t kBlockBytes = size_t{64} << 10;

  char* Allocate(size_t size) {
    if (size > left_) {
      // A large string gets its own block; the current block stays in use.
      if (size > kBlockBytes / 4) {
        return AddBlock(size);
      }
      next_ = AddBlock(kBlockBytes);
      left_ = kBlockBytes;
    }
    char* const at = next_;
    next_ += size;
    left_ -= size;
    return at;
  }

  // The bytes are not initialised.
  char* AddBlock(size_t size) {
    return blocks_.emplace_back(new char[size]).get();
  }

  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  size_t left_ = 0;
};

}  // namespace tallyman::platform

#endif  // TALLYMAN_PLATFORM_ARENA_H_
