// A string that must not leak, such as a token.
//
// A Secret copies its bytes: the caller still has to erase the original string.
//
// Example: auth/authenticator_example_test.cc

#ifndef TALLYMAN_AUTH_SECRET_H_
#define TALLYMAN_AUTH_SECRET_H_

#include <cstddef>
#include <memory>
#include <ostream>
#include <string_view>
#include <utility>

namespace tallyman::auth {

// Owns its bytes and overwrites them before it frees them. The time of a
// comparison depends on the sizes only. A value type; thread-compatible. A
// moved-from secret is empty.
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

  // The bytes, valid until this object changes or is destroyed. The secret can
  // leak at each call: keep the calls few.
  std::string_view Reveal() const { return {bytes_.get(), size_}; }

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }

  friend bool operator==(const Secret& a, const Secret& b);

  // Prints "***".
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

}  // namespace tallyman::auth

#endif  // TALLYMAN_AUTH_SECRET_H_
