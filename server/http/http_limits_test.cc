// Deadlines, limits, half-closed clients and streams, over real sockets.

#include <sys/socket.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "api/http/body_stream.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/http/http_server.h"
#include "server/http/testing/loopback_server.h"
#include "tools/harness/http_client.h"
#include "tools/harness/http_socket.h"

namespace tallyman::server {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kNever = absl::Hours(1);
constexpr absl::Duration kSoon = absl::Milliseconds(20);

HttpServer::Options Patient() {
  return {.connection = {.max_body_bytes = 1000,
                         .head_timeout = kNever,
                         .io_timeout = kNever,
                         .min_bytes_per_second = size_t{1} << 40,
                         .idle_timeout = kNever}};
}

// A stream that a test feeds. Thread-safe.
class FedStream : public api::BodyStream {
 public:
  struct Feed {
    absl::Mutex mutex;
    std::string text ABSL_GUARDED_BY(mutex);
    bool ended ABSL_GUARDED_BY(mutex) = false;
    bool endless ABSL_GUARDED_BY(mutex) = false;
    std::function<void()> wake ABSL_GUARDED_BY(mutex);
    absl::Notification started;
    absl::Notification destroyed;

    void Add(std::string_view more, bool end = false) {
      std::function<void()> call;
      {
        const absl::MutexLock lock(&mutex);
        text.append(more);
        ended = end;
        call = wake;
      }
      if (call) call();
    }
  };

  explicit FedStream(std::shared_ptr<Feed> feed) : feed_(std::move(feed)) {}
  ~FedStream() override { feed_->destroyed.Notify(); }

  void Start(std::function<void()> wake) override {
    {
      const absl::MutexLock lock(&feed_->mutex);
      feed_->wake = std::move(wake);
    }
    feed_->started.Notify();
  }
  State Read(size_t max_bytes, std::string& out) override {
    const absl::MutexLock lock(&feed_->mutex);
    if (feed_->endless) {
      out.append(max_bytes, 'e');
      return State::kOpen;
    }
    const size_t size = std::min(max_bytes, feed_->text.size());
    out.append(feed_->text, 0, size);
    feed_->text.erase(0, size);
    return feed_->ended && feed_->text.empty() ? State::kEnd : State::kOpen;
  }

 private:
  const std::shared_ptr<Feed> feed_;
};

class LimitsTest : public testing::Test {
 protected:
  api::Response Respond(const api::Request& request) {
    api::Response response;
    response.content_type = "text/plain";
    if (request.path == "/stream") {
      response.stream = std::make_unique<FedStream>(feed_);
      return response;
    }
    if (request.path == "/wait") {
      waiting_.fetch_add(1);
      release_.WaitForNotification();
    }
    response.body = absl::StrCat(request.method, " ", request.path, " [",
                                 request.body, "]");
    return response;
  }

  void Serve(HttpServer::Options options) {
    options.on_dropped = [this](std::string_view, std::string_view reason) {
      const absl::MutexLock lock(&mutex_);
      dropped_.emplace_back(reason);
    };
    server_ = std::make_unique<LoopbackServer>(
        FunctionHandler::Functions{.respond =
                                       [this](const api::Request& request) {
                                         return Respond(request);
                                       },
                                   .is_fast =
                                       [](const api::Request& request) {
                                         return request.path == "/fast";
                                       }},
        std::move(options));
  }

  harness::HttpClient Connect() const {
    return harness::HttpClient(server_->port());
  }
  // Waits until the server has accepted the connection, and answers it.
  harness::HttpClient ConnectAndGet() const {
    harness::HttpClient client = Connect();
    EXPECT_EQ(client.Get("/fast").status, 200);
    return client;
  }

  // Receives the chunks of a response until `count` bytes of text have come.
  static std::string ReadChunked(const harness::HttpSocket& socket,
                                 std::string_view until) {
    std::string text;
    char byte = 0;
    while (!absl::StrContains(text, until)) {
      const absl::StatusOr<size_t> got = socket.Receive(&byte, 1);
      if (!got.ok() || *got == 0) return text + "<closed>";
      text.push_back(byte);
    }
    return text;
  }

  const std::shared_ptr<FedStream::Feed> feed_ =
      std::make_shared<FedStream::Feed>();
  absl::Notification release_;
  std::atomic<int> waiting_ = 0;
  absl::Mutex mutex_;
  std::vector<std::string> dropped_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<LoopbackServer> server_;
};

TEST_F(LimitsTest, AHalfSentHeadIs408AndBytesDoNotExtendIt) {
  HttpServer::Options options = Patient();
  options.connection.head_timeout = kSoon;
  Serve(options);
  harness::HttpClient client = Connect();
  client.Send("GET / HTTP/1.1\r\nX: ");
  while (client.TrySend("x")) {
  }
  const harness::ClientResponse response = client.Receive();
  if (response.status != 0) {  // A reset may overtake the answer.
    EXPECT_EQ(response.status, 408);
    EXPECT_THAT(response.body, HasSubstr("head did not arrive in time"));
  }
}

TEST_F(LimitsTest, AHalfSentBodyIs408) {
  HttpServer::Options options = Patient();
  options.connection.io_timeout = kSoon;
  Serve(options);
  for (const std::string_view framing :
       {"Content-Length: 10\r\n\r\nabc",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nab"}) {
    harness::HttpClient client = Connect();
    client.Send(absl::StrCat("POST / HTTP/1.1\r\nHost: h\r\n", framing));
    const harness::ClientResponse response = client.Receive();
    EXPECT_EQ(response.status, 408);
    EXPECT_THAT(response.body, HasSubstr("body did not arrive in time"));
    EXPECT_EQ(response.Header("Admitted"), "yes");
    EXPECT_TRUE(client.IsClosed());
  }
}

TEST_F(LimitsTest, HalfSentRequestsKeepNobodyOut) {
  HttpServer::Options options = Patient();
  options.max_workers = 2;
  Serve(options);
  std::vector<harness::HttpClient> half;
  for (int i = 0; i < 400; ++i) {
    half.push_back(Connect());
    half.back().Send(i % 2 == 0 ? "GET / HTTP/1.1\r\nHo"
                                : "POST / HTTP/1.1\r\nHost: h\r\n"
                                  "Content-Length: 9\r\n\r\nabc");
  }
  EXPECT_EQ(Connect().Get("/").body, "GET / []");
  EXPECT_EQ(Connect().Get("/fast").body, "GET /fast []");
  half.front().Send("st: h\r\n\r\n");
  EXPECT_EQ(half.front().Receive().body, "GET / []");
}

TEST_F(LimitsTest, OverTheLimitTheLongestIdleConnectionIsClosed) {
  HttpServer::Options options = Patient();
  options.limits.max_connections = 3;
  options.loops = 1;
  Serve(options);
  harness::HttpClient first = ConnectAndGet();
  harness::HttpClient second = ConnectAndGet();
  harness::HttpClient third = ConnectAndGet();
  EXPECT_EQ(first.Get("/fast").status, 200);  // Now `second` is the oldest.
  harness::HttpClient fourth = ConnectAndGet();
  EXPECT_TRUE(second.IsClosed());
  EXPECT_EQ(first.Get("/fast").status, 200);
  EXPECT_EQ(third.Get("/fast").status, 200);
  EXPECT_EQ(fourth.Get("/fast").status, 200);
}

TEST_F(LimitsTest, OverTheLimitWithoutAnIdleConnectionIs503) {
  HttpServer::Options options = Patient();
  options.limits.max_connections = 1;
  options.loops = 1;
  Serve(options);
  harness::HttpClient busy = ConnectAndGet();
  busy.Send("GET / HTTP/1.1\r\nHo");
  // The server has read it: it answers on the same loop.
  while (true) {
    harness::HttpClient extra = Connect();
    const harness::ClientResponse response = extra.Receive();
    if (response.status == 0)
      continue;  // It closed `busy`, which was idle yet.
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(response.Header("Retry-After"), "1");
    EXPECT_THAT(response.body, HasSubstr("1 connections"));
    EXPECT_TRUE(extra.IsClosed());
    break;
  }
  const absl::MutexLock lock(&mutex_);
  EXPECT_THAT(dropped_, testing::Contains(HasSubstr("which is its limit")));
}

TEST_F(LimitsTest, BodiesShareABudget) {
  HttpServer::Options options = Patient();
  options.max_body_memory = 1500;
  Serve(options);
  const std::string head =
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n";
  harness::HttpClient first = Connect();
  first.Send(absl::StrCat(head, std::string(999, 'x')));
  // Whichever is read second is refused.
  harness::HttpClient second = Connect();
  second.Send(absl::StrCat(head, std::string(999, 'x')));
  first.Send("x");
  second.TrySend("x");
  const harness::ClientResponse one = first.Receive();
  const harness::ClientResponse other = second.Receive();
  // If the first was complete before the second began, both are well.
  EXPECT_TRUE(one.status == 200 || other.status == 200);
  for (const harness::ClientResponse* const response : {&one, &other}) {
    if (response->status == 200) continue;
    EXPECT_EQ(response->status, 503);
    EXPECT_EQ(response->Header("Retry-After"), "1");
  }
  // The budget comes back.
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Connect().Request("POST", "/", {}, std::string(1000, 'y')).status,
              200);
  }
}

TEST_F(LimitsTest, TooManyWaitingRequestsAre503) {
  HttpServer::Options options = Patient();
  options.max_workers = 1;
  options.max_waiting_requests = 0;
  Serve(options);
  harness::HttpClient first = Connect();
  first.Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  harness::HttpClient second = Connect();
  // Until the first runs.
  while (waiting_.load() == 0) second.Get("/fast");
  const harness::ClientResponse response = second.Get("/");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.Header("Retry-After"), "1");
  EXPECT_EQ(second.Get("/fast").status, 200);
  release_.Notify();
  EXPECT_EQ(first.Receive().body, "GET /wait []");
}

TEST_F(LimitsTest, AHalfClosedClientIsAnswered) {
  Serve(Patient());
  absl::StatusOr<harness::HttpSocket> socket =
      harness::HttpSocket::Connect(server_->port());
  ASSERT_TRUE(socket.ok());
  ASSERT_TRUE(socket
                  ->Send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"
                         "POST /2 HTTP/1.1\r\nHost: h\r\n"
                         "Content-Length: 1\r\n\r\nx"
                         "GET /fast HTTP/1.1\r\nHost: h\r\n\r\n")
                  .ok());
  socket->CloseWrite();
  std::string all;
  char buffer[4096];
  while (true) {
    const absl::StatusOr<size_t> got = socket->Receive(buffer, sizeof(buffer));
    if (!got.ok() || *got == 0) break;
    all.append(buffer, *got);
  }
  EXPECT_THAT(all, HasSubstr("GET /1 []"));
  EXPECT_THAT(all, HasSubstr("POST /2 [x]"));
  EXPECT_THAT(all, HasSubstr("GET /fast []"));
}

TEST_F(LimitsTest, AClientThatEndsInTheMiddleGets400) {
  Serve(Patient());
  absl::StatusOr<harness::HttpSocket> socket =
      harness::HttpSocket::Connect(server_->port());
  ASSERT_TRUE(socket.ok());
  ASSERT_TRUE(socket->Send("GET / HTTP/1.1\r\nHo").ok());
  socket->CloseWrite();
  EXPECT_THAT(ReadChunked(*socket, "in the middle"), HasSubstr(" 400 "));
}

TEST_F(LimitsTest, StreamsInChunks) {
  Serve(Patient());
  absl::StatusOr<harness::HttpSocket> socket =
      harness::HttpSocket::Connect(server_->port());
  ASSERT_TRUE(socket.ok());
  ASSERT_TRUE(socket->Send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n").ok());
  const std::string head = ReadChunked(*socket, "\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_THAT(head, testing::Not(HasSubstr("Content-Length")));
  feed_->Add("one");
  EXPECT_EQ(ReadChunked(*socket, "one\r\n"), "3\r\none\r\n");
  feed_->Add("0123456789abcdef");
  EXPECT_EQ(ReadChunked(*socket, "f\r\n"), "10\r\n0123456789abcdef\r\n");
  feed_->Add("end", /*end=*/true);
  EXPECT_EQ(ReadChunked(*socket, "0\r\n\r\n"), "3\r\nend\r\n0\r\n\r\n");
  feed_->destroyed.WaitForNotification();
  // The connection goes on.
  ASSERT_TRUE(socket->Send("GET /fast HTTP/1.1\r\nHost: h\r\n\r\n").ok());
  EXPECT_THAT(ReadChunked(*socket, "[]"), HasSubstr("GET /fast []"));
}

TEST_F(LimitsTest, AStreamToHttp10EndsWithTheConnection) {
  Serve(Patient());
  feed_->Add("all", /*end=*/true);
  harness::HttpClient client = Connect();
  client.Send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const harness::ClientResponse response = client.Receive();
  EXPECT_EQ(response.Header("Connection"), "close");
  EXPECT_EQ(response.Header("Transfer-Encoding"), "");
  EXPECT_FALSE(client.IsClosed());  // "all".
}

TEST_F(LimitsTest, HeadOfAStreamHasNoBody) {
  Serve(Patient());
  harness::HttpClient client = Connect();
  const harness::ClientResponse response = client.Request("HEAD", "/stream");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Header("Transfer-Encoding"), "chunked");
  feed_->destroyed.WaitForNotification();
  EXPECT_EQ(client.Get("/fast").body, "GET /fast []");
}

TEST_F(LimitsTest, AClientThatIsTooSlowForAStreamIsDropped) {
  HttpServer::Options options = Patient();
  options.connection.io_timeout = kSoon;
  Serve(options);
  {
    const absl::MutexLock lock(&feed_->mutex);
    feed_->endless = true;
  }
  harness::HttpClient client = Connect();
  client.Send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  feed_->destroyed.WaitForNotification();
  const absl::MutexLock lock(&mutex_);
  EXPECT_THAT(dropped_, testing::Contains(HasSubstr("stream too slowly")));
}

TEST_F(LimitsTest, AStreamEndsWithItsClient) {
  Serve(Patient());
  {
    harness::HttpClient client = Connect();
    client.Send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
    feed_->started.WaitForNotification();
  }
  // The first write after the end may succeed; the reset comes then.
  while (!feed_->destroyed.HasBeenNotified()) feed_->Add("x");
}

TEST_F(LimitsTest, AStopEndsStreams) {
  Serve(Patient());
  harness::HttpClient client = Connect();
  client.Send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n");
  feed_->started.WaitForNotification();
  server_->Stop();
  feed_->destroyed.WaitForNotification();
  feed_->Add("late");  // A wake-up after the end is harmless.
}

}  // namespace
}  // namespace tallyman::server
