// Cap'n Proto of C++ (KJ), the reference implementation, on the same interface as the others and called as they are:
// see load/src/lib.rs for the command line and what is printed.

#include <capnp/rpc-twoparty.h>
#include <dirent.h>
#include <kj/async-io.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "calfkit.capnp.h"

namespace {

constexpr unsigned IN_FLIGHT = 64;
constexpr unsigned BATCH = 64;
constexpr int CANNOT = 3;

class Counting final : public Net::Server {
 public:
  kj::Promise<void> write(WriteContext context) override {
    for (auto frame : context.getParams().getFrames()) octets += frame.getBytes().size();
    return kj::READY_NOW;
  }

  kj::Promise<void> mac(MacContext context) override {
    context.getResults().setAddress(1);
    return kj::READY_NOW;
  }

 private:
  size_t octets = 0;
};

uint64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return uint64_t(time.tv_sec) * 1000000000 + time.tv_nsec;
}

void pin(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  KJ_SYSCALL(sched_setaffinity(0, sizeof(set), &set));
}

// Nanoseconds that all threads of a process ran.
uint64_t processor(const std::string& process) {
  uint64_t sum = 0;
  std::string tasks = "/proc/" + process + "/task";
  DIR* folder = opendir(tasks.c_str());
  KJ_REQUIRE(folder != nullptr, "/proc");
  while (dirent* entry = readdir(folder)) {
    if (entry->d_name[0] == '.') continue;
    FILE* file = fopen((tasks + "/" + entry->d_name + "/schedstat").c_str(), "r");
    if (file == nullptr) continue;
    unsigned long long ran = 0;
    if (fscanf(file, "%llu", &ran) == 1) sum += ran;
    fclose(file);
  }
  closedir(folder);
  return sum;
}

kj::Promise<void> ping(Net::Client& net) { return net.macRequest().send().ignoreResult(); }

kj::Promise<void> caller(Net::Client& net, size_t calls) {
  if (calls == 0) return kj::READY_NOW;
  return ping(net).then([&net, calls]() { return caller(net, calls - 1); });
}

void push(kj::AsyncIoContext& io, Net::Client& net, size_t octets, unsigned frames, size_t batches) {
  std::vector<kj::byte> bytes(octets, 0x5a);
  for (size_t batch = 0; batch < batches; batch++) {
    auto request = net.writeRequest();
    auto list = request.initFrames(frames);
    for (unsigned index = 0; index < frames; index++) {
      list[index].setBytes(kj::arrayPtr(bytes.data(), bytes.size()));
    }
    request.send().wait(io.waitScope);
  }
  ping(net).wait(io.waitScope);
}

int serve() {
  auto io = kj::setupAsyncIo();
  auto stream = io.lowLevelProvider->wrapSocketFd(0);
  capnp::TwoPartyVatNetwork network(*stream, capnp::rpc::twoparty::Side::SERVER);
  auto system = capnp::makeRpcServer(network, Net::Client(kj::heap<Counting>()));
  network.onDisconnect().wait(io.waitScope);
  return 0;
}

int client(const std::string& row, size_t count, int core) {
  int ends[2];
  KJ_SYSCALL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
  pid_t child;
  KJ_SYSCALL(child = fork());
  if (child == 0) {
    KJ_SYSCALL(dup2(ends[1], 0));
    std::string where = std::to_string(core);
    execl("/proc/self/exe", "load", "serve", where.c_str(), nullptr);
    _exit(1);
  }
  close(ends[1]);
  {
    auto io = kj::setupAsyncIo();
    auto stream = io.lowLevelProvider->wrapSocketFd(ends[0], kj::LowLevelAsyncIoProvider::TAKE_OWNERSHIP);
    capnp::TwoPartyClient party(*stream);
    Net::Client net = party.bootstrap().castAs<Net>();
    ping(net).wait(io.waitScope);

    size_t dash = row.find('-');
    size_t octets = dash == std::string::npos ? 0 : strtoul(row.c_str() + dash + 1, nullptr, 10);
    std::string what = row.substr(0, dash);
    std::vector<uint64_t> calls;
    std::string server = std::to_string(child);
    uint64_t ran = processor("self") + processor(server);
    uint64_t begun = now();
    if (what == "sequential") {
      for (size_t call = 0; call < count; call++) {
        uint64_t from = now();
        ping(net).wait(io.waitScope);
        calls.push_back(now() - from);
      }
    } else if (what == "pipelined") {
      auto callers = kj::heapArrayBuilder<kj::Promise<void>>(IN_FLIGHT);
      for (unsigned each = 0; each < IN_FLIGHT; each++) callers.add(caller(net, count / IN_FLIGHT));
      kj::joinPromises(callers.finish()).wait(io.waitScope);
    } else if (what == "single") {
      push(io, net, octets, 1, count);
    } else if (what == "batch") {
      push(io, net, octets, BATCH, count / BATCH);
    } else {
      kill(child, SIGKILL);
      return CANNOT;
    }
    uint64_t time = now() - begun;
    ran = processor("self") + processor(server) - ran;
    std::sort(calls.begin(), calls.end());
    auto at = [&](size_t share) -> unsigned long long {
      return calls.empty() ? 0 : calls[(calls.size() - 1) * share / 100];
    };
    printf("%zu %llu %llu %llu %llu\n", count, (unsigned long long)time, (unsigned long long)ran, at(50), at(99));
  }
  waitpid(child, nullptr, 0);
  return 0;
}

}  // namespace

int main(int count, char** words) {
  if (count == 3 && strcmp(words[1], "serve") == 0) {
    pin(atoi(words[2]));
    return serve();
  }
  if (count != 4) {
    fprintf(stderr, "load ROW COUNT CORE,CORE\n");
    return 2;
  }
  pin(atoi(words[3]));
  const char* comma = strchr(words[3], ',');
  return client(words[1], strtoul(words[2], nullptr, 10), comma == nullptr ? 0 : atoi(comma + 1));
}
