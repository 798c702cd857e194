#include "worker/http/http_service.h"
#include "worker/runtime.h"

int main(int argc, char** argv) {
  return muster::worker::RunWorker(argc, argv,
                                   {.make_service = muster::worker::http::MakeHttpService});
}
