// Prints the listing of the admin service's API (api_listing.h). At a release:
//   bazel run //proto:admin_api >proto/admin_v1.api

#include <iostream>

#include "muster/proto/admin.pb.h"
#include "muster/proto/api_listing.h"

int main() {
  for (const std::string& line :
       muster::config::ListApi(*muster::admin::v1::Status::descriptor()->file())) {
    std::cout << line << "\n";
  }
  return std::cout.flush() ? 0 : 1;
}
