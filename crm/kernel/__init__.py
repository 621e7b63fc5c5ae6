"""What any application for many organizations needs: database, tenancy, events, queue, storage."""
