# The service of demo serve. It needs cgo for SQLite, and so glibc where it runs.
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=1 go build -ldflags='-s -w' -o /out/demo ./cmd/demo
RUN mkdir /out/data

FROM debian:12.12-slim
# For databases that are reached by TLS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/demo /usr/local/bin/demo
# Somebody who is not root, by number so that Kubernetes can see it, and a folder of theirs for SQLite.
COPY --from=build --chown=10001:10001 /out/data /data
USER 10001:10001
WORKDIR /data
EXPOSE 8080
# There is no HEALTHCHECK: the image has nothing to ask HTTP with, and who runs it probes /readyz and /livez.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/demo"]
CMD ["serve", "--address", ":8080"]
