#include "tally/commands/session.h"

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "auth/secret.h"
#include "tally/cli/command.h"
#include "tally/client/api.h"
#include "tally/client/endpoint.h"
#include "tally/client/find_endpoint.h"
#include "tally/client/http.h"

namespace tallyman::tally {

EndpointFlags Session::endpoint_flags() const {
  return {.context = arguments_.ValueOr("context", ""),
          .url = arguments_.ValueOr("url", ""),
          .token_file = arguments_.ValueOr("token-file", ""),
          .token = auth::Secret(arguments_.ValueOr("token", "")),
          .ca_file = arguments_.ValueOr("ca", ""),
          .data_dir = arguments_.ValueOr("data-dir", "")};
}

absl::StatusOr<Endpoint> Session::endpoint() {
  if (!endpoint_) {
    absl::StatusOr<Endpoint> found = FindEndpoint(endpoint_flags());
    if (!found.ok()) return found.status();
    endpoint_ = *std::move(found);
  }
  return *endpoint_;
}

absl::StatusOr<Api*> Session::api() {
  if (api_ == nullptr) {
    absl::StatusOr<std::unique_ptr<Api>> made = NewApi();
    if (!made.ok()) return made.status();
    api_ = *std::move(made);
  }
  return api_.get();
}

absl::StatusOr<std::unique_ptr<Api>> Session::NewApi() {
  absl::StatusOr<Endpoint> found = endpoint();
  if (!found.ok()) return found.status();
  return std::make_unique<Api>(*std::move(found), Http::Options());
}

}  // namespace tallyman::tally
