// A running server with a stack, and its own description: the requests to walk
// through all operations. For tests of the description.

#ifndef TALLYMAN_SERVER_TESTING_DESCRIBED_SERVER_H_
#define TALLYMAN_SERVER_TESTING_DESCRIBED_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nlohmann/json.hpp"
#include "platform/testing/temp_directory.h"
#include "tools/harness/api_description.h"
#include "tools/harness/http_connection.h"
#include "tools/harness/server_process.h"

namespace tallyman::server {

// A request that can be changed in one place.
struct DescribedCall {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;  // Not encoded.
  std::optional<std::string> body;
  std::string content_type;  // "": no header.
  std::string token;         // "": no header.
  // In place of a token: the cookie and the key of a session; "": no headers.
  std::string cookie;
  std::string key;
};

// Dies (CHECK) on errors of the server that no test asks about. Not
// thread-safe.
class DescribedServer {
 public:
  static constexpr size_t kMaxBodyBytes = 4096;

  // Makes a stack with the process web, of which one instance runs.
  DescribedServer();
  // Removes all stacks, and stops the server, which must exit with 0.
  ~DescribedServer();
  DescribedServer(const DescribedServer&) = delete;
  DescribedServer& operator=(const DescribedServer&) = delete;

  int port() const { return server_.port(); }
  const std::string& stack() const { return stack_; }  // Its uid.
  // A token with the scope public and no limit that a test could reach.
  const std::string& public_token() const { return public_; }
  const harness::ApiDescription& description() const { return *description_; }

  std::string NewToken(std::string_view scope, int64_t hourly_limit) const;

  // A valid call of `operation`, about resources of this server: with its path,
  // a token of the least scope, and a body if it takes one. One that removes a
  // resource gets its own.
  DescribedCall CallOf(const harness::DescribedOperation& operation);

  // The path of `operation`, as in CallOf(); `path` may replace a part of it.
  std::string PathOf(const harness::DescribedOperation& operation,
                     const std::string& path);

  // A valid body of `type`.
  std::string BodyOf(const harness::DescribedOperation& operation,
                     const std::string& type);

  // The example of `parameter`, as the value in a query.
  std::string QueryValue(const nlohmann::json& parameter) const;

  harness::ClientResponse Send(std::string_view method,
                               const DescribedCall& call) const;

 private:
  nlohmann::json Ask(std::string_view method, std::string_view target,
                     std::optional<std::string> body = std::nullopt) const;
  // A new OAuth client, with its secret.
  nlohmann::json MakeClient() const;
  // Begins a session of a token; gives `call` its cookie and key.
  // Returns its id.
  int64_t SignIn(std::string_view token, DescribedCall& call) const;
  // The id of a new webhook.
  int64_t MakeWebhook() const;
  std::string MakeStack(std::string_view name) const;
  void AwaitAction(const std::string& stack, int64_t id) const;
  // An example of the description, about the resources of this server.
  std::string Adapt(const nlohmann::json& example) const;

  const platform::TempDirectory directory_;
  harness::ServerProcess server_;
  std::string admin_;
  std::string public_;
  std::string client_secret_;
  std::optional<harness::ApiDescription> description_;
  std::string stack_;
  std::string server_uid_;
  int64_t action_ = 0;
  int64_t webhook_ = 0;
  int made_ = 0;  // Stacks, whose names are unique.
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_TESTING_DESCRIBED_SERVER_H_
