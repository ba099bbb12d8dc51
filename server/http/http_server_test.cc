// Uses real sockets and a handler that echoes the request.

#include "server/http/http_server.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/http/testing/loopback_server.h"
#include "tools/harness/http_client.h"

namespace tallyman::server {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

class HttpServerTest : public testing::Test {
 protected:
  api::Response Echo(const api::Request& request) {
    api::Response response;
    if (request.path == "/slow") {
      slow_started_.DecrementCount();
      finish_slow_.WaitForNotification();
      response.shared_body = shared_body_;
      return response;
    }
    if (request.path == "/unchanged") {
      response.status = 304;
      response.AddHeader("ETag", "\"1\"");
      return response;
    }
    if (request.path == "/shared" || request.path == "/shared-error") {
      if (request.path == "/shared-error") response.status = 503;
      response.body = "unused";
      response.shared_body = shared_body_;
      return response;
    }
    response.content_type = "text/plain";
    response.AddHeader("X-Echo", std::string(request.Header("x-echo")));
    response.body = absl::StrCat(request.method, " ", request.path);
    for (const auto& [name, value] : request.params.all()) {
      absl::StrAppend(&response.body, " ", name, "=", value);
    }
    absl::StrAppend(&response.body, " [", request.body, "] ",
                    request.remote_address);
    return response;
  }

  // Larger than the send buffer of a socket.
  const std::shared_ptr<const std::string> shared_body_ =
      std::make_shared<const std::string>(size_t{8} << 20, 's');
  absl::BlockingCounter slow_started_{2};
  absl::Notification finish_slow_;
  // Last: its threads use all of the above.
  const std::unique_ptr<LoopbackServer> server_ =
      std::make_unique<LoopbackServer>(
          FunctionHandler::Functions{.respond =
                                         [this](const api::Request& request) {
                                           return Echo(request);
                                         }},
          HttpServer::Options{.connection = {.max_body_bytes = 1000,
                                             .head_timeout = absl::Seconds(60),
                                             .io_timeout = absl::Seconds(60)}});
};

TEST_F(HttpServerTest, PassesRequestsAndResponses) {
  harness::HttpClient client(server_->port());
  const harness::ClientResponse response =
      client.Request("GET", "/a%20b/c?x=1&y=%26&token=t", {"X-Echo: hello"});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "GET /a%20b/c x=1 y=& token=t [] 127.0.0.1");
  EXPECT_EQ(response.Header("X-Echo"), "hello");
  EXPECT_EQ(response.Header("Content-Type"), "text/plain");
}

TEST_F(HttpServerTest, PassesBodies) {
  harness::HttpClient client(server_->port());
  for (const std::string_view method : {"POST", "PUT", "PATCH", "DELETE"}) {
    EXPECT_EQ(client.Request(method, "/x", {}, "some text").body,
              absl::StrCat(method, " /x [some text] 127.0.0.1"));
  }
  client.Send(
      "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
  EXPECT_EQ(client.Receive().body, "POST /x [hello world] 127.0.0.1");
}

// Clients send DELETE and POST without a body and without Content-Length: the
// next bytes on the connection are the next request (RFC 9112, section 6.3).
TEST_F(HttpServerTest, NoContentLengthMeansNoBody) {
  harness::HttpClient client(server_->port());
  for (const std::string_view method : {"DELETE", "POST", "PUT", "GET"}) {
    EXPECT_EQ(client.Request(method, "/1").body,
              absl::StrCat(method, " /1 [] 127.0.0.1"));
    EXPECT_EQ(client.Get("/2").body, "GET /2 [] 127.0.0.1");
  }
}

TEST_F(HttpServerTest, AGetMayHaveABody) {
  harness::HttpClient client(server_->port());
  EXPECT_EQ(client.Request("GET", "/1", {}, "").body, "GET /1 [] 127.0.0.1");
  EXPECT_EQ(client.Request("GET", "/2", {}, "abc").status, 200);
  EXPECT_EQ(client.Get("/3").body, "GET /3 [] 127.0.0.1");
}

TEST_F(HttpServerTest, NotModifiedHasNeitherBodyNorContentHeaders) {
  harness::HttpClient client(server_->port());
  for (const std::string_view method : {"GET", "HEAD"}) {
    const harness::ClientResponse response =
        client.Request(method, "/unchanged");
    EXPECT_EQ(response.status, 304);
    EXPECT_EQ(response.Header("ETag"), "\"1\"");
    EXPECT_EQ(response.Header("Content-Length"), "");
    EXPECT_EQ(response.Header("Content-Type"), "");
    EXPECT_EQ(client.Get("/2").body, "GET /2 [] 127.0.0.1");
  }
}

TEST_F(HttpServerTest, HeadHasTheHeadersOfGet) {
  harness::HttpClient client(server_->port());
  const harness::ClientResponse head = client.Request("HEAD", "/x");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.Header("Content-Length"),
            absl::StrCat(std::string_view("HEAD /x [] 127.0.0.1").size()));
  EXPECT_EQ(client.Get("/y").body, "GET /y [] 127.0.0.1");
}

TEST_F(HttpServerTest, SendsASharedBodyInsteadOfTheBody) {
  harness::HttpClient client(server_->port());
  for (int i = 0; i < 2; ++i) {
    const harness::ClientResponse response = client.Get("/shared");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.Header("Content-Type"), "application/json");
    EXPECT_TRUE(response.body == *shared_body_);
    const harness::ClientResponse head = client.Request("HEAD", "/shared");
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.Header("Content-Length"),
              absl::StrCat(shared_body_->size()));
    EXPECT_EQ(client.Get("/y").body, "GET /y [] 127.0.0.1");
  }
  const harness::ClientResponse error = client.Get("/shared-error");
  EXPECT_EQ(error.status, 503);
  EXPECT_TRUE(error.body == *shared_body_);
  EXPECT_EQ(client.Get("/y").body, "GET /y [] 127.0.0.1");
}

TEST_F(HttpServerTest, EveryResponseHasADate) {
  harness::HttpClient client(server_->port());
  const auto expect_date = [](const harness::ClientResponse& response) {
    EXPECT_THAT(response.headers,
                Contains(Pair("Date", HasSubstr(" GMT"))).Times(1));
  };
  for (const std::string_view method : {"GET", "HEAD", "POST"}) {
    expect_date(client.Request(method, "/x"));
  }
  expect_date(client.Get("/unchanged"));
  expect_date(client.Request("BREW", "/pot"));
}

TEST_F(HttpServerTest, ClosesTheConnectionIfTheClientAsks) {
  for (const std::string_view method : {"GET", "POST"}) {
    for (const std::string_view options :
         {"Connection: close", "connection: Close, TE",
          "Connection: TE\r\nConnection: TE ,close"}) {
      harness::HttpClient client(server_->port());
      const harness::ClientResponse response =
          client.Request(method, "/x", {std::string(options)});
      EXPECT_EQ(response.status, 200);
      EXPECT_EQ(response.Header("Connection"), "close");
      EXPECT_TRUE(client.IsClosed());
    }
  }
}

TEST_F(HttpServerTest, AcceptsTheAbsoluteForm) {
  harness::HttpClient client(server_->port());
  EXPECT_EQ(client.Get("http://example.com/x?a=1").body,
            "GET /x a=1 [] 127.0.0.1");
  EXPECT_EQ(client.Get("http://example.com").body, "GET / [] 127.0.0.1");
}

TEST_F(HttpServerTest, ATooLargeBodyIs413) {
  harness::HttpClient client(server_->port());
  const harness::ClientResponse response =
      client.Request("POST", "/x", {}, std::string(1001, 'x'));
  EXPECT_EQ(response.status, 413);
  EXPECT_THAT(response.body, HasSubstr("1000 bytes"));
  EXPECT_EQ(harness::HttpClient(server_->port())
                .Request("POST", "/x", {}, std::string(1000, 'x'))
                .status,
            200);
}

TEST_F(HttpServerTest, ATooLongTargetIs414) {
  EXPECT_EQ(harness::HttpClient(server_->port())
                .Get("/" + std::string(9000, 'x'))
                .status,
            414);
}

TEST_F(HttpServerTest, MalformedRequestsAre400) {
  for (const std::string_view text :
       {"nonsense\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET /\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 3\r\n"  // NOLINT: one request.
        "Transfer-Encoding: chunked\r\n\r\n"}) {
    harness::HttpClient client(server_->port());
    client.Send(text);
    const harness::ClientResponse response = client.Receive();
    EXPECT_EQ(response.status, 400) << text;
    EXPECT_THAT(response.body, HasSubstr("rejected")) << text;
  }
}

// The bytes after an error may be the body of the request that was not
// understood: they must not be read as a request.
TEST_F(HttpServerTest, ReadsNothingAfterAnError) {
  for (const std::string_view text :
       {"BREW /pot HTTP/1.1\r\nContent-Length: 40\r\n\r\n", "nonsense\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 9999\r\n\r\n"}) {
    harness::HttpClient client(server_->port());
    client.Send(
        absl::StrCat(text, "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"));
    EXPECT_GE(client.Receive().status, 400) << text;
    EXPECT_TRUE(client.IsClosed()) << text;
  }
}

TEST_F(HttpServerTest, AnswersPipelinedRequests) {
  harness::HttpClient client(server_->port());
  client.Send(
      "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"
      "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab"
      "DELETE /3 HTTP/1.1\r\nHost: h\r\n\r\n"
      "GET /4 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.Receive().body, "GET /1 [] 127.0.0.1");
  EXPECT_EQ(client.Receive().body, "POST /2 [ab] 127.0.0.1");
  EXPECT_EQ(client.Receive().body, "DELETE /3 [] 127.0.0.1");
  EXPECT_EQ(client.Receive().body, "GET /4 [] 127.0.0.1");
}

TEST_F(HttpServerTest, RefusesATooLargeBodyInsteadOf100Continue) {
  harness::HttpClient client(server_->port());
  client.Send(
      "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n"
      "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Receive().status, 413);
}

TEST_F(HttpServerTest, ARangeIsIgnored) {
  harness::HttpClient client(server_->port());
  const harness::ClientResponse response =
      client.Request("GET", "/x", {"Range: bytes=999999-"});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "GET /x [] 127.0.0.1");
}

TEST_F(HttpServerTest, AnUnknownMethodReachesTheHandler) {
  EXPECT_EQ(harness::HttpClient(server_->port()).Request("BREW", "/pot").body,
            "BREW /pot [] 127.0.0.1");
}

TEST_F(HttpServerTest, StopFinishesRequestsUnderWay) {
  harness::HttpClient plain(server_->port());
  plain.Send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
  harness::HttpClient other(server_->port());
  other.Send("GET /slow HTTP/1.1\r\nHost: h\r\nRange: bytes=0-\r\n\r\n");
  slow_started_.Wait();
  server_->RequestStop();
  EXPECT_FALSE(harness::HttpClient::CanConnect(server_->port()));
  finish_slow_.Notify();
  for (harness::HttpClient* const client : {&plain, &other}) {
    const harness::ClientResponse response = client->Receive();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.Header("Connection"), "close");
    EXPECT_EQ(response.body.size(), shared_body_->size());
    EXPECT_TRUE(client->IsClosed());
  }
}

TEST_F(HttpServerTest, ManyClientsAtOnce) {
  std::vector<std::thread> clients;
  clients.reserve(16);
  for (int i = 0; i < 16; ++i) {
    clients.emplace_back([this, i] {
      harness::HttpClient client(server_->port());
      for (int j = 0; j < 50; ++j) {
        const std::string path = absl::StrCat("/", i, "/", j);
        ASSERT_EQ(client.Get(path).body,
                  absl::StrCat("GET ", path, " [] 127.0.0.1"));
      }
    });
  }
  for (std::thread& client : clients) client.join();
}

TEST(HttpServerStopTest, StopBeforeServeIsNotLost) {
  LoopbackServer server(
      {.respond = [](const api::Request&) { return api::Response(); }}, {},
      LoopbackServer::Start::kLater);
  server.RequestStop();
  server.Serve();
  server.Stop();
}

}  // namespace
}  // namespace tallyman::server
