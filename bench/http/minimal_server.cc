// The floor of the HTTP benchmark: an epoll server that reads, counts the requests by their
// last four bytes and sends as many fixed responses in one call. It parses nothing,
// has no timers and trusts its client. Prints its port; ends with its standard input.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace {

constexpr char kHead[] =
    "HTTP/1.1 200 OK\r\nServer: minimal\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    "Content-Type: text/plain\r\nContent-Length: ";

int Listen() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd, 511) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("minimal_server");
    ::_exit(1);
  }
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return fd;
}

// How many requests end in these bytes. A client of the benchmark sends whole ones.
int CountRequests(const char* bytes, ssize_t size) {
  int count = 0;
  for (ssize_t i = 3; i < size; ++i) {
    count += bytes[i] == '\n' && bytes[i - 1] == '\r' && bytes[i - 2] == '\n';
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  const int body_bytes = argc > 1 ? std::stoi(argv[1]) : 3;
  const std::string response =
      kHead + std::to_string(body_bytes) + "\r\n\r\n" + std::string(body_bytes, 'x');
  std::string responses;
  const int listener = Listen();
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event event = {.events = EPOLLIN, .data = {.fd = listener}};
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  event.data.fd = 0;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &event);
  epoll_event ready[512];
  char buffer[16384];
  for (;;) {
    const int n = ::epoll_wait(epoll, ready, 512, -1);
    for (int i = 0; i < n; ++i) {
      const int fd = ready[i].data.fd;
      if (fd == 0) return 0;
      if (fd == listener) {
        const int client = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client < 0) continue;
        const int on = 1;
        ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        event.data.fd = client;
        ::epoll_ctl(epoll, EPOLL_CTL_ADD, client, &event);
        continue;
      }
      const ssize_t size = ::read(fd, buffer, sizeof(buffer));
      if (size <= 0) {
        ::close(fd);
        continue;
      }
      responses.clear();
      for (int k = CountRequests(buffer, size); k > 0; --k) responses += response;
      if (::send(fd, responses.data(), responses.size(), MSG_NOSIGNAL) < 0) ::close(fd);
    }
  }
}
