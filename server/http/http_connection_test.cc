// Connections over real sockets: sequences of requests, timeouts, hang-ups.

#include "server/http/http_connection.h"

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/log/check.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "gtest/gtest.h"
#include "server/http/http_server.h"
#include "server/http/testing/loopback_server.h"
#include "tools/harness/http_client.h"

namespace tallyman::server {
namespace {

constexpr absl::Duration kNever = absl::Hours(1);
constexpr absl::Duration kSoon = absl::Milliseconds(20);

// More than the socket buffers hold for a client that does not read.
constexpr size_t kLarge = size_t{64} << 20;

api::Response Echo(const api::Request& request) {
  static const auto& large = *new std::shared_ptr<const std::string>(
      std::make_shared<const std::string>(kLarge, 'x'));
  if (request.path == "/throw") throw std::runtime_error("as asked");
  api::Response response;
  if (request.path == "/large") {
    response.shared_body = large;
    return response;
  }
  if (request.path == "/404") response.status = 404;
  if (request.path == "/304") {
    response.status = 304;
    return response;
  }
  response.body =
      absl::StrCat(request.method, " ", request.path, " [", request.body, "]");
  return response;
}

// Requests below /fast are answered on the loop's thread.
FunctionHandler::Functions EchoFunctions() {
  return {.respond = Echo, .is_fast = [](const api::Request& request) {
            return request.path.starts_with("/fast");
          }};
}

struct Timeouts {
  absl::Duration io = kNever;
  absl::Duration idle = kNever;
  absl::Duration head = kNever;
};

HttpServer::Options OptionsWith(const Timeouts& timeouts) {
  return {.connection = {.max_body_bytes = 1000,
                         .head_timeout = timeouts.head,
                         .io_timeout = timeouts.io,
                         .min_bytes_per_second = size_t{1} << 40,
                         .idle_timeout = timeouts.idle}};
}

// A server that echoes requests; stops when destroyed.
class Server : public LoopbackServer {
 public:
  explicit Server(const Timeouts& timeouts = {}, Start start = Start::kNow)
      : LoopbackServer(EchoFunctions(), OptionsWith(timeouts), start) {}
};

std::string Plain(std::string_view method, std::string_view path) {
  return absl::StrCat(method, " ", path, " HTTP/1.1\r\nHost: h\r\n\r\n");
}

std::string Post(std::string_view path, std::string_view body) {
  return absl::StrCat("POST ", path,
                      " HTTP/1.1\r\nHost: h\r\nContent-Length: ", body.size(),
                      "\r\n\r\n", body);
}

TEST(HttpConnectionTest, AnswersManyPipelinedRequestsInOrder) {
  const Server server;
  harness::HttpClient client(server.port());
  constexpr int kRequests = 2000;  // Several read buffers.
  std::string requests;
  for (int i = 0; i < kRequests; ++i) {
    requests.append(i % 7 == 3
                        ? Post(absl::StrCat("/n", i), absl::StrCat("b", i))
                        : Plain("GET", absl::StrCat("/n", i)));
  }
  std::thread sender([&] { client.Send(requests); });
  for (int i = 0; i < kRequests; ++i) {
    EXPECT_EQ(client.Receive().body,
              i % 7 == 3 ? absl::StrCat("POST /n", i, " [b", i, "]")
                         : absl::StrCat("GET /n", i, " []"));
  }
  sender.join();
}

TEST(HttpConnectionTest, AnyKindOfRequestMayFollowAnyOther) {
  const Server server;
  harness::HttpClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client.Get("/1").body, "GET /1 []");
    EXPECT_EQ(client.Request("POST", "/2", {}, "body").body, "POST /2 [body]");
    EXPECT_EQ(client.Request("GET", "/3", {"Accept: a/b;q=0.1"}).body,
              "GET /3 []");
    EXPECT_EQ(client.Request("HEAD", "/4").body, "");
    EXPECT_EQ(client.Request("HEAD", "/5", {"Range: bytes=0-"}).body, "");
    EXPECT_EQ(client.Request("DELETE", "/6").body, "DELETE /6 []");
    EXPECT_EQ(client.Get("/304").status, 304);
  }
  // A body that looks like a request is a body.
  client.Send(absl::StrCat(Plain("GET", "/7"), Post("/8", Plain("GET", "/9")),
                           Plain("GET", "/10")));
  EXPECT_EQ(client.Receive().body, "GET /7 []");
  EXPECT_EQ(client.Receive().body,
            absl::StrCat("POST /8 [", Plain("GET", "/9"), "]"));
  EXPECT_EQ(client.Receive().body, "GET /10 []");
}

TEST(HttpConnectionTest, FastAndSlowPathAnswerAlike) {
  const Server server;
  for (const std::string_view path : {"/x", "/404", "/304"}) {
    for (const std::string_view method : {"GET", "HEAD"}) {
      const harness::ClientResponse plain =
          harness::HttpClient(server.port()).Request(method, path);
      const harness::ClientResponse slow =
          harness::HttpClient(server.port())
              .Request(method, path, {"Range: bytes=0-"});
      EXPECT_EQ(plain.status, slow.status);
      EXPECT_EQ(plain.body, slow.body);
      for (const std::string_view name :
           {"Content-Length", "Content-Type", "Connection", "Keep-Alive",
            "Accept-Ranges"}) {
        EXPECT_EQ(plain.Header(name), slow.Header(name)) << path << name;
      }
      EXPECT_EQ(plain.headers.size(), slow.headers.size()) << path;
    }
  }
}

// A client must be able to find the end of each response.
TEST(HttpConnectionTest, AnswersAWebSocketHandshakeLikeAnyRequest) {
  const Server server;
  harness::HttpClient client(server.port());
  client.Send(
      "GET /x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n"
      "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  const harness::ClientResponse response = client.Receive();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "GET /x []");
  EXPECT_EQ(client.Get("/next").body, "GET /next []");
}

// Bytes that a proxy forwards as a body must not be read as a request here.
TEST(HttpConnectionTest, RefusesADisputableLengthAndReadsNothingAfterIt) {
  const Server server;
  for (const std::string_view method : {"GET", "HEAD", "OPTIONS", "POST"}) {
    for (const std::string_view headers :
         {"Content-Length: x", "Content-Length: 5, 5", "Content-Length: -1",
          "Content-Length: 5\r\nContent-Length: 6",
          "Transfer-Encoding: gzip, chunked",
          "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
          "Transfer-Encoding: chunked\r\nContent-Length: 5",
          "Transfer-Encoding: identity"}) {
      harness::HttpClient client(server.port());
      client.Send(absl::StrCat(method, " / HTTP/1.1\r\nHost: h\r\n", headers,
                               "\r\n\r\n", Plain("GET", "/smuggled")));
      const harness::ClientResponse response = client.Receive(method == "HEAD");
      EXPECT_EQ(response.status, 400) << method << " " << headers;
      EXPECT_TRUE(client.IsClosed()) << method << " " << headers;
    }
  }
}

TEST(HttpConnectionTest, KeepAliveHasTheIdleTimeout) {
  const Server server({.idle = absl::Seconds(90)});
  harness::HttpClient client(server.port());
  EXPECT_EQ(client.Get("/").Header("Keep-Alive"), "timeout=90");
  EXPECT_EQ(client.Request("POST", "/", {}, "x").Header("Keep-Alive"),
            "timeout=90");
  EXPECT_EQ(client.Get("/404").Header("Keep-Alive"), "timeout=90");
}

TEST(HttpConnectionTest, HeadHasTheContentLengthOfGet) {
  const Server server;
  harness::HttpClient client(server.port());
  EXPECT_EQ(client.Request("HEAD", "/large").Header("Content-Length"),
            absl::StrCat(kLarge));
  EXPECT_EQ(client.Get("/1").body, "GET /1 []");
}

TEST(HttpConnectionTest, AcceptsAHeadByteByByte) {
  const Server server;
  harness::HttpClient client(server.port());
  for (int i = 0; i < 2; ++i) {
    for (const char byte : Plain("GET", "/slowly")) client.Send({&byte, 1});
    EXPECT_EQ(client.Receive().body, "GET /slowly []");
    EXPECT_EQ(client.Get("/at-once").body, "GET /at-once []");
  }
}

TEST(HttpConnectionTest, AcceptsAHeadSplitAnywhere) {
  const Server server;
  harness::HttpClient client(server.port());
  const std::string both = Plain("GET", "/1") + Plain("HEAD", "/2");
  for (size_t offset = 1; offset < both.size(); ++offset) {
    client.Send(both.substr(0, offset));
    client.Send(both.substr(offset));
    EXPECT_EQ(client.Receive().body, "GET /1 []") << offset;
    EXPECT_EQ(client.Receive(/*is_head=*/true).status, 200) << offset;
  }
}

TEST(HttpConnectionTest, AcceptsALargeHead) {
  const Server server;
  harness::HttpClient client(server.port());
  for (const size_t size : {7000, 8000, 8100, 8150, 8180}) {
    const std::string header = absl::StrCat("X: ", std::string(size, 'x'));
    EXPECT_EQ(client.Request("GET", "/", {header, "Y: y"}).body, "GET / []");
  }
  EXPECT_EQ(
      client.Request("GET", "/", {absl::StrCat("X: ", std::string(9000, 'x'))})
          .status,
      431);
}

TEST(HttpConnectionTest, AnErrorDoesNotEndTheConnection) {
  const Server server;
  for (const std::string_view path : {"/404", "/throw", "/fast/404"}) {
    harness::HttpClient client(server.port());
    client.Send(absl::StrCat(Plain("GET", "/404"), Plain("GET", path),
                             Post("/throw", "body"), Plain("GET", "/after")));
    EXPECT_EQ(client.Receive().status, 404);
    client.Receive();
    EXPECT_EQ(client.Receive().status, 500);
    EXPECT_EQ(client.Receive().body, "GET /after []");
  }
}

TEST(HttpConnectionTest, AnExceptionIsAnInternalError) {
  const Server server;
  for (const std::string_view method : {"GET", "DELETE"}) {
    const harness::ClientResponse response =
        harness::HttpClient(server.port()).Request(method, "/throw");
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(response.body, absl::StrCat("rejected ", method, " /throw: "));
  }
}

TEST(HttpConnectionTest, ObeysConnectionClose) {
  const Server server;
  harness::HttpClient client(server.port());
  EXPECT_EQ(client.Request("GET", "/", {"Connection: close"}).body, "GET / []");
  EXPECT_TRUE(client.IsClosed());
}

// The bytes after the last request are dropped, wherever they are.
TEST(HttpConnectionTest, DropsWhatFollowsTheLastRequest) {
  HttpServer::Options options = OptionsWith({});
  options.loops = 1;
  const LoopbackServer server(EchoFunctions(), options);
  for (const std::string_view path : {"/fast", "/slow"}) {
    harness::HttpClient client(server.port());
    client.Send(absl::StrCat("GET ", path, " HTTP/1.1\r\nHo"));
    // The loop has read the above when it answers this.
    EXPECT_EQ(harness::HttpClient(server.port()).Get("/fast").status, 200);
    std::string rest = "st: h\r\nConnection: close\r\n\r\n";
    for (int i = 0; i < 100; ++i) rest.append(Plain("GET", "/dropped"));
    client.Send(rest);
    EXPECT_EQ(client.Receive().body, absl::StrCat("GET ", path, " []"));
    EXPECT_TRUE(client.IsClosed());
  }
}

TEST(HttpConnectionTest, ClosesAnIdleConnection) {
  Server server({.idle = kSoon}, Server::Start::kLater);
  harness::HttpClient fresh(server.port());
  harness::HttpClient used(server.port());
  // The request arrives before the server waits for it.
  used.Send(Plain("GET", "/"));
  server.Serve();
  EXPECT_EQ(used.Receive().body, "GET / []");
  EXPECT_TRUE(used.IsClosed());
  EXPECT_TRUE(fresh.IsClosed());
}

TEST(HttpConnectionTest, DropsAClientThatStopsInTheMiddle) {
  const Server server({.io = kSoon, .head = kSoon});
  for (const std::string& whole :
       {Plain("GET", "/"), Post("/", "0123456789")}) {
    for (const size_t left : {size_t{1}, whole.size() - 1}) {
      harness::HttpClient client(server.port());
      client.Send(whole.substr(0, whole.size() - left));
      EXPECT_EQ(client.Receive().status, 408);
      EXPECT_TRUE(client.IsClosed());
    }
  }
}

TEST(HttpConnectionTest, DropsAClientThatDoesNotRead) {
  Server server({.io = kSoon});
  for (const std::string_view header : {"X: plain", "Range: bytes=0-"}) {
    const harness::HttpClient client(server.port());
    client.Send(
        absl::StrCat("GET /large HTTP/1.1\r\nHost: h\r\n", header, "\r\n\r\n"));
    harness::HttpClient other(server.port());
    EXPECT_EQ(other.Get("/").body, "GET / []");
  }
  const harness::HttpClient client(server.port());
  client.Send(Plain("GET", "/large"));
  server.Stop();  // Returns, although the client does not read.
}

TEST(HttpConnectionTest, StopEndsIdleConnections) {
  Server server;
  harness::HttpClient fresh(server.port());
  harness::HttpClient used(server.port());
  harness::HttpClient after_a_body(server.port());
  EXPECT_EQ(used.Get("/").status, 200);
  EXPECT_EQ(after_a_body.Request("POST", "/", {}, "x").status, 200);
  server.Stop();
  EXPECT_TRUE(fresh.IsClosed());
  EXPECT_TRUE(used.IsClosed());
  EXPECT_TRUE(after_a_body.IsClosed());
}

TEST(HttpConnectionTest, SurvivesAHangUpAnywhere) {
  const Server server;
  const std::string whole = Post("/", "body");
  for (size_t size = 0; size <= whole.size(); ++size) {
    const harness::HttpClient client(server.port());
    client.Send(whole.substr(0, size));
  }
  EXPECT_EQ(harness::HttpClient(server.port()).Get("/").status, 200);
}

}  // namespace
}  // namespace tallyman::server
