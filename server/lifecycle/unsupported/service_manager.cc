#include "server/lifecycle/service_manager.h"

#include <string_view>

#include "absl/status/statusor.h"

namespace tallyman::server {

class ServiceManager::Impl {};

NotifyVariables TakeNotifyVariables() { return {}; }

absl::StatusOr<ServiceManager> ServiceManager::Create(
    const NotifyVariables& /*variables*/, OnError /*on_error*/) {
  return ServiceManager();
}

void ServiceManager::Ready(std::string_view /*status*/) const {}
void ServiceManager::Reloading() const {}
void ServiceManager::Reloaded() const {}
void ServiceManager::Stopping() const {}
void ServiceManager::Ping() const {}

}  // namespace tallyman::server
