// A file descriptor with an owner.

#ifndef TALLYMAN_PLATFORM_BASE_UNIQUE_FD_H_
#define TALLYMAN_PLATFORM_BASE_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace tallyman::base {

// Closes its descriptor when it is destroyed. Movable; -1 once moved from.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

  // Gives the descriptor away; the caller owns it.
  int release() { return std::exchange(fd_, -1); }

  // Closes it now.
  void reset() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_UNIQUE_FD_H_
