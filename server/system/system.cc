#include "server/system/system.h"

#include <string>
#include <vector>

namespace tallyman::server {

std::vector<char*> PointersTo(std::vector<std::string>& arguments) {
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace tallyman::server
