#include "server/watch/process_watch.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/host/process_changes.h"
#include "api/host/process_owners.h"
#include "api/host/process_query.h"
#include "api/host/process_stream.h"
#include "api/http/server_sent_events.h"
#include "platform/process_lister.h"
#include "server/watch/difference_broadcast.h"

namespace tallyman::server {

ProcessWatch::ProcessWatch(const api::ProcessListQuery& query,
                           const api::ProcessFormat& format,
                           std::shared_ptr<DifferenceBroadcast> broadcast)
    : query_(query),
      keys_(api::WithIdentityKeys(query.keys())),
      format_(format),
      broadcast_(std::move(broadcast)),
      processes_(keys_) {}

platform::ProcessQuery ProcessWatch::QueryOf(
    const std::shared_ptr<const api::ProcessOwners>& owners) const {
  return api::ToWatchQuery(query_, owners);
}

api::ProcessFormat ProcessWatch::Format() const {
  return {.redactor = format_.redactor,
          .zone = format_.zone,
          .owners = processes_.owners()};
}

void ProcessWatch::Update(platform::ProcessSnapshot snapshot,
                          std::shared_ptr<const api::ProcessOwners> owners) {
  const api::ProcessChanges& changes =
      processes_.Update(std::move(snapshot), std::move(owners));
  // Nobody has a list before the first one, and all wait for a snapshot.
  if (!std::exchange(is_updated_, true) || changes.empty()) return;
  std::string out;
  api::AppendProcessDifference(changes, keys_, Format(), processes_.taken_at(),
                               out);
  broadcast_->Publish(std::move(out));
}

void ProcessWatch::GiveSnapshot() {
  if (!is_updated_ || !broadcast_->NeedsSnapshot()) return;
  const uint64_t version = broadcast_->version();
  DifferenceBroadcast::Bytes bytes = rendered_.lock();
  if (bytes == nullptr || rendered_version_ != version) {
    std::string out;
    api::AppendStreamBegin(std::nullopt, out);
    api::AppendProcessSnapshot(processes_.processes(), keys_, Format(),
                               processes_.taken_at(), out);
    bytes = std::make_shared<const std::string>(std::move(out));
    rendered_ = bytes;
    rendered_version_ = version;
  }
  broadcast_->GiveSnapshot(bytes);
}

}  // namespace tallyman::server
