// The memory that the bodies of all connections may take together.

#ifndef TALLYMAN_SERVER_HTTP_BODY_BUDGET_H_
#define TALLYMAN_SERVER_HTTP_BODY_BUDGET_H_

#include <atomic>
#include <cstddef>

namespace tallyman::server {

// A number of bytes. Thread-safe; must outlive its shares.
class BodyBudget {
 public:
  explicit BodyBudget(size_t bytes) : left_(bytes) {}
  BodyBudget(const BodyBudget&) = delete;
  BodyBudget& operator=(const BodyBudget&) = delete;

  // The bytes of one body; returns them when destroyed. Not thread-safe.
  class Share {
   public:
    explicit Share(BodyBudget& budget) : budget_(budget) {}
    ~Share() { Release(); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    // Takes further bytes. False, with nothing taken, if too few are left.
    bool Take(size_t bytes) {
      size_t left = budget_.left_.load(std::memory_order_relaxed);
      do {
        if (left < bytes) return false;
      } while (!budget_.left_.compare_exchange_weak(left, left - bytes,
                                                    std::memory_order_relaxed));
      taken_ += bytes;
      return true;
    }
    void Release() {
      budget_.left_.fetch_add(taken_, std::memory_order_relaxed);
      taken_ = 0;
    }

   private:
    BodyBudget& budget_;
    size_t taken_ = 0;
  };

 private:
  std::atomic<size_t> left_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_BODY_BUDGET_H_
