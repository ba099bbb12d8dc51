// Reads a response whose body is a stream of server-sent events, for tests of
// handlers.
//
//   StreamClient client(api.Respond("GET", "/events", ...));
//   const SseEvent event = client.Next();

#ifndef TALLYMAN_SERVER_TESTING_STREAM_CLIENT_H_
#define TALLYMAN_SERVER_TESTING_STREAM_CLIENT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/log/check.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "api/http/body_stream.h"
#include "api/http/http.h"
#include "nlohmann/json.hpp"

namespace tallyman::server {

// An event as a client parses it (WHATWG HTML standard, section 9.2.6), as far
// as this server uses the format.
struct SseEvent {
  std::string type;
  std::string id;  // The last one so far.
  nlohmann::json data;
};

// Reads a response as the transport does, and parses it as a browser does.
class StreamClient {
 public:
  explicit StreamClient(api::Response response)
      : response_(std::move(response)) {
    CHECK(response_.stream != nullptr) << response_.body;
    response_.stream->Start([state = state_] {
      absl::MutexLock lock(&state->mutex);
      state->is_woken = true;
    });
  }

  // Waits for the next event; one without a type if the stream ends.
  SseEvent Next() {
    while (true) {
      const size_t end = bytes_.find("\n\n");
      if (end != std::string::npos) {
        const std::string block = bytes_.substr(0, end);
        bytes_.erase(0, end + 2);
        SseEvent event;
        if (Parse(block, event)) return event;
        continue;
      }
      if (!is_open_) return {};
      const size_t before = bytes_.size();
      is_open_ =
          response_.stream->Read(1000, bytes_) == api::BodyStream::State::kOpen;
      if (is_open_ && bytes_.size() == before) state_->Await();
    }
  }
  const std::string& last_id() const { return id_; }
  const api::Response& response() const { return response_; }

 private:
  struct State {
    void Await() {
      absl::MutexLock lock(&mutex);
      mutex.Await(absl::Condition(&is_woken));
      is_woken = false;
    }
    absl::Mutex mutex;
    bool is_woken ABSL_GUARDED_BY(mutex) = false;
  };

  // False if a block dispatches no event.
  bool Parse(const std::string& block, SseEvent& event) {
    std::string data;
    for (const std::string_view line : absl::StrSplit(block, '\n')) {
      const std::pair<std::string_view, std::string_view> field =
          absl::StrSplit(line, absl::MaxSplits(": ", 1));
      if (field.first == "event") event.type = field.second;
      if (field.first == "id") id_ = field.second;
      if (field.first == "data") data += field.second;
    }
    if (data.empty()) return false;
    event.id = id_;
    event.data = nlohmann::json::parse(data);
    return true;
  }

  const std::shared_ptr<State> state_ = std::make_shared<State>();
  api::Response response_;
  std::string bytes_;
  std::string id_;
  bool is_open_ = true;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_TESTING_STREAM_CLIENT_H_
