// A string that must not leak: a token, or anything else that opens a door.
//
//   Secret presented(header_value);
//   if (presented == expected) ...              // in constant time
//   LOG(INFO) << "got " << presented;           // prints "got ***"
//   ShowOnce(created.value.Reveal());           // the one way to read it
//
// The owner of the string that a Secret is made from still holds a copy, and
// has to take care of it.

#ifndef TALLYMAN_AUTH_SECRET_H_
#define TALLYMAN_AUTH_SECRET_H_

#include <cstddef>
#include <memory>
#include <ostream>
#include <string_view>
#include <utility>

namespace tallyman::auth {

// Holds bytes of its own, which are overwritten before they are freed. Two
// secrets are compared in a time that depends on nothing but their length.
// A value type; thread-compatible. Moving leaves an empty secret behind.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view value);

  Secret(const Secret& other) : Secret(other.Reveal()) {}
  Secret(Secret&& other) noexcept
      : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}
  Secret& operator=(Secret other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Secret();

  // The bytes themselves, valid as long as this object is neither changed nor
  // destroyed. Each call is a place where the secret may get out: keep them
  // few.
  std::string_view Reveal() const { return {bytes_.get(), size_}; }

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }

  friend bool operator==(const Secret& a, const Secret& b);

  // Printing in any way gives "***".
  friend std::ostream& operator<<(std::ostream& out, const Secret&) {
    return out << "***";
  }
  template <typename Sink>
  friend void AbslStringify(Sink& sink, const Secret&) {
    sink.Append("***");
  }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
};

// Compares `size` bytes at `a` and `b` in a time that doesn't depend on them
// (CRYPTO_memcmp of OpenSSL).
bool EqualInConstantTime(const void* a, const void* b, size_t size);

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_SECRET_H_
