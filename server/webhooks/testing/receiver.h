// A receiver of webhooks in the process of the test, on a loopback address.
//
//   Receiver receiver;
//   receiver.AnswerNext(500);
//   ... a delivery to receiver.url("/hook") ...
//   const ReceivedDelivery delivery = receiver.Await();

#ifndef TALLYMAN_SERVER_WEBHOOKS_TESTING_RECEIVER_H_
#define TALLYMAN_SERVER_WEBHOOKS_TESTING_RECEIVER_H_

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace httplib {
class Server;
}  // namespace httplib

namespace tallyman::server {

struct ReceivedDelivery {
  std::string target;
  std::string host;       // The header.
  std::string signature;  // The header Tallyman-Signature.
  std::string body;
  int status = 0;  // The answer.
};

// Answers 204, or as AnswerNext() says. Thread-safe. Dies (CHECK) on errors.
class Receiver {
 public:
  // With TLS if `cert_file` is not empty. `port` 0: any.
  explicit Receiver(const std::string& cert_file = "",
                    const std::string& key_file = "", int port = 0);
  // Ends at once, also while it holds answers.
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  int port() const { return port_; }
  // "http://127.0.0.1:PORT/hook"
  std::string url(std::string_view target) const;

  // The status of the answer after those that were named before. A redirect
  // goes to `location`.
  void AnswerNext(int status, const std::string& location = "");
  // Answers wait until Release().
  void Hold();
  void Release();

  // Waits for the next delivery that Await() has not returned yet.
  ReceivedDelivery Await();
  // Those that Await() would return at once.
  int waiting() const;

 private:
  struct Answer {
    int status = 204;
    std::string location;
  };

  const std::string scheme_;
  std::unique_ptr<httplib::Server> server_;
  int port_ = 0;
  mutable absl::Mutex mutex_;
  bool is_held_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<Answer> answers_ ABSL_GUARDED_BY(mutex_);
  std::deque<ReceivedDelivery> received_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

// True if `signature` is that of `body` with the key `secret`, by an HMAC of
// the system's library and not the server's code.
bool IsSignedBy(std::string_view secret, std::string_view signature,
                std::string_view body);

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_WEBHOOKS_TESTING_RECEIVER_H_
