// An owned file descriptor; on Windows, an owned socket.

#ifndef TALLYMAN_PLATFORM_BASE_UNIQUE_FD_H_
#define TALLYMAN_PLATFORM_BASE_UNIQUE_FD_H_

#include <utility>

namespace tallyman::base {

// close(2). On Windows closesocket(): handles have 32 significant bits there
// (Microsoft: Interprocess Communication Between 32-bit and 64-bit
// Applications), so a socket fits into an int.
void CloseFd(int fd);

// The destructor closes the descriptor. Movable; a moved-from object is empty,
// or after an assignment has the descriptor of the other. Not thread-safe.
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

  // Transfers the descriptor to the caller.
  int release() { return std::exchange(fd_, -1); }

  // Closes the descriptor now.
  void reset() {
    if (fd_ >= 0) CloseFd(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

}  // namespace tallyman::base

#endif  // TALLYMAN_PLATFORM_BASE_UNIQUE_FD_H_
