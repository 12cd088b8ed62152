#include "resolve_name.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

int resolve_name(const char *domain, struct sock_addr *ret)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int rc = getaddrinfo(domain, NULL, &hints, &list);
    if (rc != 0)
        return rc;
    struct sock_addr found;
    if (!list || sock_addr_from_sockaddr(list->ai_addr, list->ai_addrlen, &found) < 0)
        rc = EAI_NONAME;
    else
        *ret = found;
    freeaddrinfo(list);
    return rc;
}

int resolve_start_thread(void *(*run)(void *), void *arg)
{
    pthread_t thread;
    pthread_attr_t attr;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&thread, &attr, run, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return -rc;
}

uint64_t resolve_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}
