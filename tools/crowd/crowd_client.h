// One of thousands of clients: the steps of its connection.

#ifndef TALLYMAN_TOOLS_CROWD_CROWD_CLIENT_H_
#define TALLYMAN_TOOLS_CROWD_CROWD_CLIENT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "tools/crowd/answer_reader.h"

namespace tallyman::crowd {

enum class ClientKind : uint8_t {
  // Sends a request a byte at a time, and never its end. The server ends the
  // connection at a deadline, with 408 or without an answer; the client
  // connects again at once.
  kSlowSender,
  // Reads a long answer slowly, and then asks for it again.
  kSlowReader,
  // Reads an answer without an end as fast as it comes.
  kFollower,
  // Connects at each turn, asks once and reads the answer, which ends the
  // connection.
  kVisitor,
};

// Clients of one kind. Turns of the group are spread evenly over `interval`:
// each client sends one byte, reads, or visits, once in that time.
struct ClientGroup {
  ClientKind kind = ClientKind::kSlowSender;
  int port = 0;
  size_t count = 0;
  absl::Duration interval = absl::Seconds(1);

  // Sent as soon as the client is connected. Of a slow sender: the beginning,
  // which `trickle` continues. "Connection: close" in that of a visitor.
  std::string request;
  char trickle = 'x';
  // What a slow reader reads at a turn.
  size_t bytes_per_turn = size_t{8} << 10;
  // What a follower counts.
  char marker = '\n';
};

// What all clients of a crowd have seen. Thread-safe.
struct CrowdCounts {
  std::atomic<int64_t> connected = 0;
  // Clients that got as far as they should: connected and waiting for the
  // deadline, or with the beginning of an answer. Counted once for each.
  std::atomic<int64_t> settled = 0;
  std::atomic<int64_t> answers = 0;        // Complete, with status 200.
  std::atomic<int64_t> deadline_ends = 0;  // Of slow senders.
  std::atomic<int64_t> body_bytes = 0;
  std::atomic<int64_t> markers = 0;
  // 408, 429 or 503 with Retry-After, except 408 for slow senders.
  std::atomic<int64_t> refusals = 0;
  // Other statuses, connections that could not be made, or ended where they
  // should not, and bytes that are no answer.
  std::atomic<int64_t> problems = 0;

  void AddProblem(std::string_view what);
  // The first problem; "" if there is none.
  std::string first_problem() const;

 private:
  mutable absl::Mutex mutex_;
  std::string first_problem_ ABSL_GUARDED_BY(mutex_);
};

// Not thread-safe. Does not block.
class CrowdClient {
 public:
  // What the clients of a crowd share.
  struct Shared {
    int epoll = -1;
    std::vector<char> buffer;
    CrowdCounts& counts;
  };

  // `group` and `shared` outlive the client. `index` chooses the address.
  CrowdClient(const ClientGroup& group, Shared& shared, size_t index)
      : group_(group), shared_(shared), index_(index) {}

  // The client's turn; the first begins the connection.
  void TakeTurn();
  // epoll(7) has events for its socket.
  void OnReady(uint32_t events);

 private:
  void Connect();
  void Disconnect();
  void OnConnected();
  // False if the connection is over.
  bool Send(std::string_view bytes);
  // Reads once, at most `most` bytes.
  void Receive(size_t most);
  void OnBytes(std::string_view bytes);
  void OnHead();
  void OnAnswer();
  void OnEnd(std::string_view how);
  void Settle();

  const ClientGroup& group_;
  Shared& shared_;
  const size_t index_;
  base::UniqueFd fd_;
  bool is_connected_ = false;
  bool is_settled_ = false;
  AnswerReader reader_;
};

}  // namespace tallyman::crowd

#endif  // TALLYMAN_TOOLS_CROWD_CROWD_CLIENT_H_
