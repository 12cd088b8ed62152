#pragma once
/* One interface in its turns: what it does next, and when. */

#include "fetch.h"

struct up_job_options {
    const struct client *client;
    const struct fetch_options *fetch;
    struct rest_hub *hub;
    struct resolver *resolver; /* NULL: names are waited for */
    long long interval_ms;     /* < 0: once */
};

enum up_job_phase {
    UP_PREPARE, /* due: files and interface, then the request */
    UP_ASK,     /* due: the request alone */
    UP_ANSWER,  /* the request is under way */
    UP_FOLLOW,  /* due: the answer is there */
    UP_REPORT,  /* candidates are under way */
    UP_FINISHED,
};

struct up_job {
    const struct up_job_options *options;
    char *interface;
    struct fetch *fetch; /* NULL before the first turn */
    enum up_job_phase phase;
    long long due_ms;       /* of the phase, LLONG_MAX while the server is waited for */
    long long cycle_due_ms; /* when everything is to be looked after again */
    long long nat_due_ms;   /* LLONG_MAX without NAT traversal */
    long long names_due_ms; /* LLONG_MAX unless names have been resolved */
    long long asked_ms;
    unsigned wait_s;             /* what the request under way asks for */
    bool server_waits;           /* as far as is known */
    bool is_locked_out;          /* by another process; that was said already */
    bool owes_report;            /* of candidates: it could not be made when there was a reason */
    bool has_followed;           /* the server's state, at least once */
    unsigned n_failures;         /* since the server last answered */
    struct err complaint;        /* what was last said about failures; code 0 = nothing */
    struct err report_complaint; /* the same, about reporting candidates */
};

/* 0 or -ENOMEM. Due at once. */
int up_job_init(struct up_job *j, const struct up_job_options *options, const char *interface);
void up_job_done(struct up_job *j);

/* When something is to be done; LLONG_MAX while there is only a server to wait for. */
long long up_job_due_ms(const struct up_job *j);
/* Looks whether what the server was asked for has come: then the job is due. */
void up_job_poll(struct up_job *j);
/* Does what is due. An error is returned only when the job runs once: it is finished then. */
int up_job_advance(struct up_job *j, struct err *err);
/* Names have been resolved, perhaps some that this interface lacks. */
void up_job_report_names(struct up_job *j);
/* The addresses of this machine have changed. */
void up_job_report_addresses(struct up_job *j);
